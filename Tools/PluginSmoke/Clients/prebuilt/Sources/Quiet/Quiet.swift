public func quiet() async throws {
    try await Task.sleep(for: .milliseconds(1))
}

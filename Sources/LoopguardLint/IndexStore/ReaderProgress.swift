#if canImport(Glibc)
    import Glibc
#endif
#if canImport(Musl)
    import Musl
#endif

/// What the reading process tells the one that watches it: the unit or record that it is about to read. The library that
/// reads the index is the compiler's and trusts its files; a damaged one may kill it. See ``IndexReaderGuard``.
struct ReaderProgress: Sendable {
    /// Names a file descriptor that the child inherits.
    static let descriptorVariable = "LOOPGUARD_LINT_PROGRESS"
    /// Names of units and records, one a line, that killed the library before.
    static let damagedVariable = "LOOPGUARD_LINT_DAMAGED"
    /// Longest name that is told, in bytes.
    static let maximumName = 511

    private let descriptor: Int32?
    /// These are not read again.
    let damaged: Set<String>

    /// As the environment says.
    static let current = ReaderProgress(
        descriptor: getenv(descriptorVariable).flatMap { Int32(String(cString: $0)) },
        damaged: getenv(damagedVariable).map { String(cString: $0) } ?? "")

    init(descriptor: Int32?, damaged: String) {
        self.descriptor = descriptor
        self.damaged = Set(damaged.split(separator: "\n").map(String.init))
    }

    /// Runs `body`, which reads the unit or record `name`.
    func reading<T>(_ name: String, _ body: () throws(IndexStoreError) -> T) throws(IndexStoreError) -> T {
        if damaged.contains(name) {
            throw IndexStoreError(
                .unreadable,
                "\(name) in the index is damaged and is left out; build again to have its file checked in full")
        }
        tell(name)
        defer { tell("") }
        return try body()
    }

    private func tell(_ name: String) {
        guard let descriptor else { return }
        var bytes = Array(name.utf8.prefix(Self.maximumName))
        bytes += Array(repeating: 0, count: Self.maximumName + 1 - bytes.count)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// What the child was reading; nil when it was not.
    static func read(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: maximumName + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let name = String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self)
        return name.isEmpty ? nil : name
    }
}

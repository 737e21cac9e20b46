import Hummingbird
import HummingbirdTesting
import Loopguard
import NIOPosix
import Testing

@testable import Application

/// A blocking route of a Hummingbird application is found, with its name.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ApplicationTests {
    private func withApplication(
        _ body: @Sendable (any TestClientProtocol, Watchdog) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let watchdog = try await Watchdog.watch(group)
        do {
            try await makeApplication(group: group, watchdog: watchdog, port: 0).test(.live) { client in
                try await body(client, watchdog)
            }
        } catch {
            await watchdog.shutdown()
            throw error
        }
        await watchdog.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `a blocking route is reported with route, cause and function`() async throws {
        try await withApplication { client, watchdog in
            try await client.execute(uri: "/report/2026", method: .get) { #expect($0.status == .ok) }
            var found = watchdog.status().stalls.recent.first
            while found?.scope?.route != "/report/{year}" {
                found = watchdog.status().stalls.recent.first { $0.scope?.route == "/report/{year}" }
                try await Task.sleep(for: .milliseconds(5))
            }
            let report = try #require(found)
            #expect(report.cause.category == .blockedInSystemCall)
            #expect(report.kind == .singleJob)
            #expect(report.durationNs >= 290_000_000)
            let functions = report.samples.flatMap(\.frames).compactMap(\.function)
            #expect(functions.contains { $0.contains("composeReport") }, "\(functions)")

            try await client.execute(uri: "/debug/stalls", method: .get, headers: [.accept: "text/plain"]) { response in
                #expect(response.status == .ok)
                let text = String(buffer: response.body)
                #expect(text.contains("/report/{year}"), "\(text)")
                #expect(text.contains("composeReport"), "\(text)")
            }
        }
    }

    @Test func `routes answer, and /debug is for reading only`() async throws {
        try await withApplication { client, _ in
            try await client.execute(uri: "/hello/you", method: .get) {
                #expect(String(buffer: $0.body) == "Hello, you!\n")
            }
            try await client.execute(uri: "/debug/stalls", method: .get, headers: [.accept: "text/html"]) { response in
                #expect(response.status == .ok)
                #expect(response.headers[.contentType]?.hasPrefix("text/html") == true)
            }
            try await client.execute(uri: "/debug/nothing", method: .get) { #expect($0.status == .notFound) }
        }
    }
}

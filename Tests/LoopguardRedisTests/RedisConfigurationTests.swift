import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct RedisConfigurationTests {
    typealias Change = @Sendable (inout RedisBus.Configuration) -> Void

    static let wrong: [(String, Change)] = [
        ("maximumInFlight", { $0.maximumInFlight = 0 }), ("linger", { $0.linger = .seconds(-1) }),
        ("commandDeadline", { $0.commandDeadline = .zero }), ("historyPage", { $0.historyPage = 1000 }),
        ("topicLifetime", { $0.topicLifetime = .seconds(1) }), ("keyPrefix", { $0.keyPrefix = "a{b" }),
        ("worker", { $0.worker = "" }), ("base", { $0.backoff.cap = .zero }),
    ]

    @Test(arguments: wrong)
    func wrongValuesAreNamed(_ name: String, _ change: Change) {
        let error = #expect(throws: BusError.self) { try RedisBus.Configuration.defaults(change).validate() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(name) == true)
    }

    @Test func defaultsAreValid() throws { try RedisBus.Configuration.defaults.validate() }
}

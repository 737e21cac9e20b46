import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct RedisHandshakeTests {
    private func handshake(_ url: String, _ role: RedisHandshake.Role = .subscriber) throws -> RedisHandshake {
        RedisHandshake(url: try RedisURL(url), role: role, worker: "host 1/ü\n2")
    }

    @Test func commandsInOrder() throws {
        #expect(try handshake("redis://h").commands.map(\.name) == ["PING", "CLIENT SETNAME"])
        #expect(
            try handshake("redis://u:p@h/2", .publisher).commands.map(\.name) == [
                "AUTH", "PING", "SELECT", "CLIENT SETNAME", "SCRIPT LOAD", "SCRIPT LOAD", "SCRIPT LOAD", "INFO",
            ])
        #expect(
            RedisHandshake.clientName(worker: "host 1/ü\n2", role: .subscriber) == "loopguard-host_1/___2-subscriber")
    }

    @Test func publisherLearnsDigests() throws {
        let digest = String(repeating: "a", count: 40)
        let replies: [RESPValue] =
            [.simpleString("PONG"), .error("NOPERM no SETNAME")] + Array(repeating: .bulk(Array(digest.utf8)), count: 3)
            + [.bulk(Array("# Stats\r\nevicted_clients:3\r\n".utf8))]
        let outcome = try handshake("redis://h", .publisher).judge(replies)
        #expect(outcome.digests.count == RedisScript.allCases.count)
        #expect(outcome.digests[.lease] == digest)
        #expect(outcome.statistics.evictedClients == 3)
    }

    @Test(arguments: [
        ("redis://h", ["NOAUTH Authentication required."], BusError.Code.refused, "demands a password"),
        ("redis://:p@h", ["WRONGPASS invalid"], .refused, "refused user or password"),
        ("redis://:p@h", ["ERR AUTH <password> called without any"], .refused, "does it have a password at all"),
        ("redis://h", ["LOADING Redis is loading"], .unavailable, "not ready yet"),
        ("redis://h/9", ["", "ERR DB index is out of range"], .refused, "refused database 9"),
        ("redis://h", ["NOPERM this user has no permissions"], .refused, "may not do what the bus needs"),
        ("redis://h", ["DENIED Redis is running in protected mode"], .refused, "protected mode"),
    ])
    func refusalsAreExplained(_ url: String, _ errors: [String], _ code: BusError.Code, _ text: String) throws {
        let replies = errors.map { $0.isEmpty ? RESPValue.simpleString("OK") : .error($0) }
        let error = #expect(throws: BusError.self) { try handshake(url).judge(replies) }
        #expect(error?.code == code)
        #expect(error?.message.contains(text) == true)
        #expect(error?.message.contains(":p@") == false)
    }
}

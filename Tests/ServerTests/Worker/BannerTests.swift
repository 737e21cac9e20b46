import Testing

@testable import loopguard_server

struct BannerTests {
    private func lines(_ change: (inout ServerSettings) -> Void = { _ in }, token: String? = nil) throws -> [String] {
        var settings = try ServerSettings.resolve()
        change(&settings)
        return Banner(settings: settings, admin: settings.admin).lines(
            listening: HostPort(host: settings.host, port: 4000), degradations: ["no libdw"], demoToken: token)
    }

    @Test func scriptsFindTheAddressesInTheFirstLines() throws {
        let lines = try lines()
        #expect(lines[0] == "Listening on http://127.0.0.1:4000")
        #expect(lines[1] == "Admin on http://127.0.0.1:8081/debug/stalls")
        #expect(lines.contains("  Degraded    no libdw"))
    }

    @Test func addressesCanBeOpenedAsTheyStand() throws {
        let all = try lines { $0.host = "0.0.0.0" }
        #expect(all[0] == "Listening on http://127.0.0.1:4000")
        let six = try lines { $0.host = "::" }
        #expect(six[0] == "Listening on http://[::1]:4000")
        let secure = try lines { $0.tls = .init(certificate: "c", key: "k") }
        #expect(secure[0] == "Listening on https://127.0.0.1:4000")
        #expect(secure.contains { $0.contains("wss://") })
    }

    @Test func anOpenAdminAddressIsWarnedOf() throws {
        let quiet = try lines()
        #expect(!quiet.contains { $0.contains("Warning") })
        let loud = try lines { $0.admin = HostPort(host: "0.0.0.0", port: 1) }
        #expect(loud.contains { $0.contains("Warning") && $0.contains("0.0.0.0:1") })
    }
}

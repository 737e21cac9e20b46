import Foundation
import Loopguard
import LoopguardRedis
import NIOCore

/// What is printed on standard output at the start. The lines beginning with `Listening on` and `Admin on` are read by
/// scripts.
struct Banner {
    var settings: ServerSettings
    var admin: HostPort?

    func print(listening: HostPort?, degradations: [String], demoToken: String?) {
        for line in lines(listening: listening, degradations: degradations, demoToken: demoToken) {
            StandardStreams.printLine(line)
        }
    }

    func lines(listening: HostPort?, degradations: [String], demoToken: String?) -> [String] {
        let address = listening ?? HostPort(host: settings.host, port: settings.port)
        let secure = settings.tls != nil
        let base = "\(secure ? "https" : "http")://\(Self.reachable(address))"
        let socket = "\(secure ? "wss" : "ws")://\(Self.reachable(address))"
        var lines = ["Listening on \(base)"]
        if let admin { lines.append("Admin on http://\(Self.reachable(admin))/debug/stalls") }
        lines += [
            "", "  Loopguard \(Version.current)", "  Dashboard   \(base)/",
            "  WebSocket   \(socket)/ws/echo, /ws/rooms/{room}, /ws/secure, /ws/dashboard",
        ]
        if settings.demo { lines.append("  Demo        \(socket)/ws/demo/{sleep,spin,lock,read,dns,offload}") }
        lines += [
            "  Watchdog    \(settings.watchdogMilliseconds) ms",
            "  Workers     \(settings.workers), \(settings.loops) event loop\(settings.loops == 1 ? "" : "s") each",
            "  Bus         \(settings.redis.map(\.description) ?? "in memory (one worker)")",
        ]
        if settings.auth.keys == .random {
            lines.append(
                "  Tokens      signed with a secret of this start only; set LOOPGUARD_AUTH_SECRET to mint your own:")
            lines.append("              loopguard-server token --sub NAME")
        }
        if let demoToken { lines.append("  Try /ws/secure with {\"token\":\"\(demoToken)\"} (valid for an hour)") }
        lines += degradations.map { "  Degraded    \($0)" }
        if secure == false, Self.isPublic(settings.host) {
            lines.append("  Note        without TLS, on \(settings.host): put a proxy that does TLS in front.")
        }
        if let admin = settings.admin, Self.isPublic(admin.host) {
            lines.append("  Warning     the admin address \(admin) has no authentication: keep it private.")
        }
        return lines + [""]
    }

    /// An address that can be opened, for one that stands for all.
    static func reachable(_ address: HostPort) -> HostPort {
        switch address.host {
        case "0.0.0.0": HostPort(host: "127.0.0.1", port: address.port)
        case "::": HostPort(host: "::1", port: address.port)
        default: address
        }
    }

    private static func isPublic(_ host: String) -> Bool { !["127.0.0.1", "::1", "localhost"].contains(host) }

    /// A token to try `/ws/secure` with, when the secret is known to nobody, and somebody is there to read it.
    static func demoToken(_ settings: ServerSettings, secret: String) async throws -> String? {
        guard settings.auth.keys == .random, settings.demo || StandardStreams.outputIsTerminal else { return nil }
        return try await TokenVerifier.secret(secret).mint(subject: "demo", lifetimeSeconds: 3600, now: Date())
    }

    /// Binds the admin address and says which one it really is.
    static func startAdmin(_ server: AdminServer, at address: HostPort) async throws(StartFailure) -> HostPort {
        do {
            let bound = try await server.start(host: address.host, port: address.port)
            return HostPort(host: bound.ipAddress ?? address.host, port: bound.port ?? address.port)
        } catch let error as LoopguardError {
            throw StartFailure(.unavailable, error.description)
        } catch {
            throw StartFailure(.unavailable, "cannot listen on the admin address \(address) (--admin): \(error)")
        }
    }
}

import LoopguardBus

/// What is said first on a new connection, and what the answers mean. A value.
struct RedisHandshake: Sendable {
    enum Role: String, Sendable {
        case publisher
        case subscriber
        /// Of ``RedisBoard``.
        case board
    }

    private enum Step {
        case authenticate
        case select
        case setName
        case ping
        case load(RedisScript)
        case statistics
    }

    /// What the publisher learned.
    struct Outcome: Sendable {
        /// Digests by which the loaded scripts are called.
        var digests: [RedisScript: String] = [:]
        var statistics = RedisStatistics()
    }

    private let url: RedisURL
    private var steps: [Step] = []
    /// To be sent at once, in this order.
    private(set) var commands: [RedisCommand] = []

    init(url: RedisURL, role: Role, worker: String) {
        self.url = url
        if let password = url.password {
            var command = RedisCommand("AUTH")
            if let user = url.user { command.append(user) }
            command.append(password)
            add(.authenticate, command)
        }
        // The first command that needs permission: a missing password shows here.
        add(.ping, RedisCommand("PING"))
        if url.database != 0 { add(.select, RedisCommand("SELECT", "\(url.database)")) }
        add(.setName, RedisCommand("CLIENT SETNAME", Self.clientName(worker: worker, role: role)))
        guard role == .publisher else { return }
        for script in RedisScript.allCases { add(.load(script), RedisCommand("SCRIPT LOAD", script.source)) }
        add(.statistics, RedisCommand("INFO", "stats"))
    }

    private mutating func add(_ step: Step, _ command: RedisCommand) {
        steps.append(step)
        commands.append(command)
    }

    /// Judges the answers, in the order of `commands`.
    ///
    /// - Throws: ``BusError``: `.refused` when credentials, database or permissions are wrong, `.unavailable` when Redis is
    ///   not ready yet.
    func judge(_ replies: [RESPValue]) throws(BusError) -> Outcome {
        var outcome = Outcome()
        for (step, reply) in zip(steps, replies) {
            switch (step, reply) {
            case (.setName, _): break  // A nicety; an ACL may forbid it.
            case (.statistics, let reply): outcome.statistics = RedisStatistics(reply.text ?? "")
            case (_, .error(let text)): throw refusal(step, text)
            case (.load(let script), let reply):
                guard let digest = reply.text, digest.utf8.count == 40 else {
                    throw BusError(
                        .protocolViolation, "Redis at \(url.address) answered SCRIPT LOAD with \(reply.kind).")
                }
                outcome.digests[script] = digest
            default: break
            }
        }
        return outcome
    }

    private func refusal(_ step: Step, _ text: String) -> BusError {
        let code = text.prefix { $0 != " " }
        switch (step, code) {
        case (_, "NOAUTH"):
            return BusError(
                .refused,
                "Redis at \(url.address) demands a password: write redis://:PASSWORD@… (or user:PASSWORD@). It said: \(text)"
            )
        case (.authenticate, "WRONGPASS"):
            return BusError(
                .refused, "Redis at \(url.address) refused user or password; check them in the URL. It said: \(text)")
        case (.authenticate, _):
            return BusError(
                .refused,
                "Redis at \(url.address) refused the authentication; does it have a password at all? It said: \(text)")
        case (.select, _):
            return BusError(
                .refused, "Redis at \(url.address) refused database \(url.database) of the URL. It said: \(text)")
        case (_, "LOADING"), (_, "MASTERDOWN"), (_, "BUSY"):
            return BusError(.unavailable, "Redis at \(url.address) is not ready yet. It said: \(text)")
        case (_, "NOPERM"):
            return BusError(
                .refused,
                "The Redis user may not do what the bus needs (EVAL, EVALSHA, SCRIPT LOAD, INFO, PUBLISH, SUBSCRIBE, HMGET, "
                    + "and the keys of its prefix). Redis at \(url.address) said: \(text)")
        default:
            return BusError(.refused, "Redis at \(url.address) refused the connection. It said: \(text)")
        }
    }

    /// Redis takes printable ASCII without spaces.
    static func clientName(worker: String, role: Role) -> String {
        let name = worker.utf8.prefix(100).map { (0x21...0x7E).contains($0) ? Character(UnicodeScalar($0)) : "_" }
        return "loopguard-\(String(name))-\(role.rawValue)"
    }
}

import LoopguardBus
import LoopguardRedis

extension ServerSettings {
    /// Puts flags, environment and file together and checks the result.
    ///
    /// - Parameter cores: decides the default number of loops.
    /// - Throws: ``SettingsError`` for the first thing that cannot be used.
    static func resolve(
        flags: [Setting: [String]] = [:], environment: [String: String] = [:], file: ConfigurationFile? = nil,
        cores: Int = 1
    ) throws(SettingsError) -> ServerSettings {
        let reader = SettingReader(try SettingSources(flags: flags, environment: environment, file: file))
        var settings = ServerSettings()
        try settings.readNetwork(reader)
        try settings.readRuntime(reader, cores: cores)
        try settings.readHosts(reader)
        try settings.readLimits(reader)
        try settings.readAuthentication(reader)
        settings.logFormat = try reader.choice(.logFormat) ?? settings.logFormat
        settings.logLevel =
            try reader.oneOf(.logLevel, ["trace", "debug", "info", "notice", "warning", "error", "critical"])
            ?? settings.logLevel
        settings.demo = try reader.boolean(.demo) ?? settings.demo
        try settings.readGate(reader)
        settings.strict = try reader.boolean(.strict) ?? settings.strict
        return settings
    }

    private mutating func readNetwork(_ reader: SettingReader) throws(SettingsError) {
        host = try reader.text(.host, "an address or host name, such as 127.0.0.1 or 0.0.0.0") ?? host
        port = try reader.integer(.port, 0...65535, "0 to 65535 (0 = a free port)") ?? port
        if let found = try reader.found(.admin) {
            let text = found.values.last ?? ""
            if text == "off" {
                admin = nil
            } else if let address = HostPort(text) {
                admin = address
            } else {
                throw reader.refusal(found, text, "HOST:PORT, such as 127.0.0.1:8081, or off")
            }
        }
        if let admin, port != 0, admin.port == port, admin.host == host {
            throw SettingsError(
                "--port and --admin are both \(admin): the admin address has to be another one, "
                    + "such as \(HostPort(host: host, port: port == 65535 ? 65534 : port + 1)).")
        }
        let certificate = try reader.path(.tlsCertificate)
        let key = try reader.path(.tlsKey)
        switch (certificate, key) {
        case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
        case (.some, nil): throw SettingsError("--tls-cert is given without --tls-key: TLS needs both.")
        case (nil, .some): throw SettingsError("--tls-key is given without --tls-cert: TLS needs both.")
        case (nil, nil): break
        }
        try readOrigins(reader)
    }

    private mutating func readOrigins(_ reader: SettingReader) throws(SettingsError) {
        guard let found = try reader.found(.origin), !found.values.isEmpty else { return }
        if found.values.contains("any") {
            guard found.values.count == 1 else {
                throw SettingsError("\(found.place) has any beside other origins: give either any, or a list.")
            }
            origins = .any
            return
        }
        for origin in found.values where !Self.isOrigin(origin) {
            throw reader.refusal(
                found, origin, "https://HOST, http://HOST or either with :PORT, without a path; or any")
        }
        origins = .list(found.values)
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            return false
        }
        let rest = text.dropFirst(scheme.count)
        guard !rest.isEmpty, !rest.contains(where: { $0 == "/" || $0 == "*" || $0 == "@" || $0.isWhitespace }) else {
            return false
        }
        return HostPort(String(rest)) != nil || HostPort("\(rest):80") != nil
    }

    private mutating func readRuntime(_ reader: SettingReader, cores: Int) throws(SettingsError) {
        workers = try reader.integer(.workers, 1...64, "1 to 64") ?? workers
        // Workers share the machine: together they have as many loops as there are cores.
        loops = try reader.integer(.loops, 1...1024, "1 to 1024") ?? max(1, min(1024, cores / workers))
        watchdogMilliseconds =
            try reader.integer(.watchdog, 1...3_600_000, "1 to 3600000 (milliseconds)") ?? watchdogMilliseconds
        blockingThreads = try reader.integer(.blockingThreads, 1...1024, "1 to 1024") ?? blockingThreads
        blockingQueue = try reader.integer(.blockingQueue, 0...1_000_000, "0 to 1000000") ?? blockingQueue
        blockingQueueAgeMilliseconds =
            try reader.integer(.blockingQueueAge, 1...3_600_000, "1 to 3600000 (milliseconds)")
            ?? blockingQueueAgeMilliseconds
        watchesCooperativePool = try !(reader.boolean(.noCooperativePoolWatch) ?? !watchesCooperativePool)
        drainSeconds = try reader.integer(.drain, 0...3600, "0 to 3600 (seconds)") ?? drainSeconds
        try readRedis(reader)
        guard workers == 1 || redis != nil else {
            throw SettingsError(
                "--workers \(workers) needs --redis: workers are processes, and messages travel between them through "
                    + "Redis. Start one (redis-server) and add --redis redis://127.0.0.1:6379, or use --workers 1.")
        }
    }

    private mutating func readRedis(_ reader: SettingReader) throws(SettingsError) {
        if let found = try reader.found(.redis) {
            do {
                redis = try RedisURL(found.values.last ?? "")
            } catch {
                // Its message never holds the password, the value itself may.
                throw SettingsError(
                    "\(found.place): \(error.message) Allowed: redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://… "
                        + "or unix:///PATH.")
            }
        }
        if let prefix = try reader.found(.redisPrefix) {
            let text = prefix.values.last ?? ""
            guard !text.isEmpty, text.utf8.count <= 64,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x7B && $0 != 0x7D })
            else { throw reader.refusal(prefix, text, "1 to 64 printable ASCII characters without { and }") }
            redisPrefix = text
        }
    }

    private mutating func readHosts(_ reader: SettingReader) throws(SettingsError) {
        if let found = try reader.found(.hostName) {
            let text = found.values.last ?? ""
            guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw reader.refusal(found, text, "1 to 128 printable ASCII characters without spaces")
            }
            hostName = text
        }
        hostKeepSeconds =
            try reader.integer(.hostKeep, 10...604_800, "10 to 604800 (seconds)") ?? hostKeepSeconds
        hostSilentSeconds = try reader.integer(.hostSilent, 2...3_600, "2 to 3600 (seconds)") ?? hostSilentSeconds
        selftest = try !(reader.boolean(.noSelftest) ?? !selftest)
        selftestMaxMilliseconds =
            try reader.integer(.selftestMax, 1...600_000, "1 to 600000 (milliseconds)") ?? selftestMaxMilliseconds
        workerStartSeconds =
            try reader.integer(.workerStart, 1...86_400, "1 to 86400 (seconds)") ?? workerStartSeconds
        workerSilentSeconds =
            try reader.integer(.workerSilent, 0...86_400, "0 to 86400 (seconds; 0 = for ever)") ?? workerSilentSeconds
    }

    private mutating func readLimits(_ reader: SettingReader) throws(SettingsError) {
        let gibibyte = 1 << 30
        func number(_ setting: Setting, _ range: ClosedRange<Int>, _ unit: String, _ value: inout Int)
            throws(SettingsError)
        {
            let allowed = "\(range.lowerBound) to \(range.upperBound)\(unit.isEmpty ? "" : " (\(unit))")"
            value = try reader.integer(setting, range, allowed) ?? value
        }
        try number(.maxConnections, 1...10_000_000, "", &limits.maxConnections)
        try number(.maxConnectionsPerIP, 0...10_000_000, "0 = no limit", &limits.maxConnectionsPerIP)
        try number(.maxMessageBytes, 1...gibibyte, "bytes", &limits.maxMessageBytes)
        try number(.maxFragments, 1...1_000_000, "", &limits.maxFragments)
        try number(.maxHeaderBytes, 256...(1 << 20), "bytes", &limits.maxHeaderBytes)
        try number(.handshake, 1...3600, "seconds", &limits.handshakeSeconds)
        try number(.close, 1...3600, "seconds", &limits.closeSeconds)
        try number(.ping, 1...86_400, "seconds", &limits.pingSeconds)
        try number(.pong, 1...86_400, "seconds", &limits.pongSeconds)
        try number(.maxQueueBytes, 1...gibibyte, "bytes", &limits.maxQueueBytes)
        try number(.maxQueueSeconds, 1...86_400, "seconds", &limits.maxQueueSeconds)
        limits.slowConsumer =
            try reader.oneOf(.slowConsumer, ["disconnect", "dropOldest", "latestOnly", "dropNewest"])
            ?? limits.slowConsumer
    }

    private mutating func readAuthentication(_ reader: SettingReader) throws(SettingsError) {
        var given: [Setting] = []
        for setting in [Setting.authSecret, .authSecretFile, .authJWKS] where try reader.found(setting) != nil {
            given.append(setting)
        }
        if given.count > 1 {
            throw SettingsError(
                "\(given.map(\.flag).joined(separator: " and ")) are given together: choose one source of keys.")
        }
        if let found = try reader.found(.authSecret) {
            let secret = found.values.last ?? ""
            guard secret.utf8.count >= Self.minimumSecretBytes else {
                throw SettingsError(
                    "\(found.place) has \(secret.utf8.count) bytes: HS256 needs at least \(Self.minimumSecretBytes). "
                        + "Make one with: openssl rand -base64 32")
            }
            auth.keys = .secret(secret)
        }
        if let path = try reader.path(.authSecretFile) { auth.keys = .secretFile(path) }
        if let path = try reader.path(.authJWKS) { auth.keys = .jwks(path) }
        auth.timeoutSeconds = try reader.integer(.authTimeout, 1...3600, "1 to 3600 (seconds)") ?? auth.timeoutSeconds
    }
}

import LoopguardCore
import LoopguardRedis
import Testing

@testable import loopguard_server

/// Flags, environment and file, put together.
struct SettingsResolveTests {
    private func file(_ json: String) -> ConfigurationFile {
        ConfigurationFile(path: "/etc/loopguard.json", bytes: Array(json.utf8))
    }

    @Test func nothingGivenMeansTheDocumentedDefaults() throws {
        let settings = try ServerSettings.resolve(cores: 8)
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 8080)
        #expect(settings.admin == HostPort(host: "127.0.0.1", port: 8081))
        #expect(settings.workers == 1)
        #expect(settings.loops == 8)
        #expect(settings.watchdogMilliseconds == 50)
        #expect(settings.redis == nil)
        #expect(settings.origins == .sameOrigin)
        #expect(settings.auth.keys == .random)
        #expect(settings.limits == ServerSettings.Limits())
        #expect(settings.demo == false)
    }

    @Test func aFlagBeatsTheEnvironmentAndThatBeatsTheFile() throws {
        let json = file(#"{"port": 1, "watchdog_ms": 10, "loops": 3, "demo": true, "origin": ["https://a.example"]}"#)
        let environment = ["LOOPGUARD_PORT": "2", "LOOPGUARD_WATCHDOG_MS": "20"]
        let settings = try ServerSettings.resolve(flags: [.port: ["3"]], environment: environment, file: json)
        #expect(settings.port == 3)
        #expect(settings.watchdogMilliseconds == 20)
        #expect(settings.loops == 3)
        #expect(settings.demo)
        #expect(settings.origins == .list(["https://a.example"]))
    }

    @Test func everySettingHasAVariableAndAKeyThatAreRead() throws {
        let values: [Setting: String] = [
            .host: "::1", .port: "1", .admin: "off", .tlsCertificate: "c", .tlsKey: "k", .origin: "https://a.example",
            .workers: "2", .loops: "3", .watchdog: "4", .blockingThreads: "5", .blockingQueue: "6", .drain: "7",
            .redis: "redis://r", .redisPrefix: "p", .maxConnections: "8", .maxConnectionsPerIP: "9",
            .maxMessageBytes: "10", .maxFragments: "11", .maxHeaderBytes: "512", .handshake: "13", .close: "14",
            .ping: "15", .pong: "16", .maxQueueBytes: "17", .maxQueueSeconds: "18", .slowConsumer: "latestOnly",
            .authJWKS: "j", .authTimeout: "19", .logFormat: "json", .logLevel: "debug", .demo: "true",
            .hostName: "web-7", .hostKeep: "20", .hostSilent: "24", .noSelftest: "true", .selftestMax: "21",
            .workerStart: "22",
            .workerSilent: "0",
            .stallBudget: "p99<20ms", .stallBaseline: "b", .stallBudgetReport: "r", .writeStallBaseline: "w",
            .strict: "true", .blockingQueueAge: "250", .noCooperativePoolWatch: "true",
        ]
        let inOtherTests: Set<Setting> = [.authSecret, .authSecretFile]
        #expect(Set(Setting.all) == Set(values.keys).union(inOtherTests))

        let environment = Dictionary(uniqueKeysWithValues: values.map { ($0.key.variable, $0.value) })
        let members = values.map { setting, value in
            switch setting.kind {
            case .integer, .flag: "\"\(setting.key)\": \(value)"
            case .list: "\"\(setting.key)\": [\"\(value)\"]"
            case .text: "\"\(setting.key)\": \"\(value)\""
            }
        }
        let fromEnvironment = try ServerSettings.resolve(environment: environment)
        let fromFile = try ServerSettings.resolve(file: file("{\(members.joined(separator: ","))}"))
        let fromFlags = try ServerSettings.resolve(flags: values.mapValues { [$0] })
        #expect(fromEnvironment == fromFlags)
        #expect(fromFile == fromFlags)
        #expect(fromFlags.admin == nil)
        #expect(fromFlags.tls == .init(certificate: "c", key: "k"))
        #expect(fromFlags.limits.slowConsumer == "latestOnly")
        #expect(fromFlags.limits.maxQueueSeconds == 18)
        #expect(fromFlags.auth == .init(keys: .jwks("j"), timeoutSeconds: 19))
        #expect(fromFlags.redis?.address == "r:6379")
        #expect(fromFlags.hostName == "web-7" && fromFlags.hostKeepSeconds == 20 && fromFlags.hostSilentSeconds == 24)
        #expect(fromFlags.blockingQueueAgeMilliseconds == 250 && !fromFlags.watchesCooperativePool)
        #expect(!fromFlags.selftest && fromFlags.selftestMaxMilliseconds == 21)
        #expect(fromFlags.workerStartSeconds == 22 && fromFlags.workerSilentSeconds == 0)
        #expect(fromFlags.gate.budget == (try StallBudget("p99<20ms")))
        #expect(fromFlags.gate.baseline == "b")
        #expect(fromFlags.gate.report == "r")
        #expect(fromFlags.gate.newBaseline == "w")
    }

    @Test func aBudgetMustBeJudgeable() throws {
        let list = try ServerSettings.resolve(
            flags: [.watchdog: ["20"]], file: file(#"{"stall_budget": ["p99<20ms", "max<1s"]}"#))
        #expect(list.gate.budget == (try StallBudget("p99<20ms,max<1s")))
        #expect(list.gate.isActive)
        #expect(!(try ServerSettings.resolve()).gate.isActive)
        let error = #expect(throws: SettingsError.self) {
            try ServerSettings.resolve(flags: [.stallBudget: ["p99<20ms"]])
        }
        #expect(error?.message.contains("--stall-budget: p99<20ms cannot be judged") == true)
        #expect(error?.message.contains("--watchdog-ms") == true)
        #expect(throws: SettingsError.self) { try ServerSettings.resolve(flags: [.stallBudget: ["p99<20"]]) }
    }

    @Test func workersShareTheCores() throws {
        let settings = try ServerSettings.resolve(
            flags: [.workers: ["3"], .redis: ["redis://127.0.0.1"]], cores: 8)
        #expect(settings.loops == 2)
        let more = try ServerSettings.resolve(flags: [.workers: ["3"], .redis: ["redis://127.0.0.1"]], cores: 2)
        #expect(more.loops == 1)
    }

    @Test func originsAreAListInTheEnvironment() throws {
        let settings = try ServerSettings.resolve(
            environment: ["LOOPGUARD_ORIGIN": "https://a.example, http://b.example:8080"])
        #expect(settings.origins == .list(["https://a.example", "http://b.example:8080"]))
        #expect(try ServerSettings.resolve(flags: [.origin: ["any"]]).origins == .any)
    }

    /// Setting, value, and what the message must name besides them.
    static let badValues: [(Setting, String, String)] = [
        (.port, "65536", "0 to 65535"), (.port, "-1", "0 to 65535"), (.port, "http", "0 to 65535"),
        (.port, "", "0 to 65535"), (.port, "8080.5", "0 to 65535"), (.port, "99999999999999999999", "0 to 65535"),
        (.admin, "8081", "HOST:PORT"), (.admin, "127.0.0.1:", "HOST:PORT"), (.admin, "::1:8081", "HOST:PORT"),
        (.admin, "", "HOST:PORT"), (.host, "", "address"), (.host, "a b", "address"),
        (.workers, "0", "1 to 64"), (.loops, "0", "1 to 1024"), (.loops, "1025", "1 to 1024"),
        (.watchdog, "0", "1 to 3600000"), (.watchdog, "50ms", "1 to 3600000"),
        (.blockingThreads, "0", "1 to 1024"), (.blockingQueue, "-1", "0 to 1000000"),
        (.blockingQueueAge, "0", "1 to 3600000"), (.noCooperativePoolWatch, "perhaps", "true or false"),
        (.drain, "-1", "0 to 3600"),
        (.maxConnections, "0", "1 to"), (.maxConnectionsPerIP, "-1", "0 to"), (.maxMessageBytes, "0", "1 to"),
        (.maxMessageBytes, "1MB", "bytes"), (.maxFragments, "0", "1 to"), (.maxHeaderBytes, "10", "256 to"),
        (.handshake, "0", "seconds"), (.ping, "0", "seconds"), (.pong, "x", "seconds"),
        (.slowConsumer, "drop", "disconnect, dropOldest, latestOnly, dropNewest"),
        (.logFormat, "xml", "text, json"), (.logLevel, "verbose", "trace, debug"), (.demo, "maybe", "true or false"),
        (.origin, "app.example.com", "https://HOST"), (.origin, "https://a.example/path", "https://HOST"),
        (.origin, "https://*.example", "https://HOST"), (.authTimeout, "0", "1 to 3600"),
        (.redisPrefix, "a{b}", "printable"), (.tlsCertificate, "", "path"),
    ]

    @Test(arguments: badValues.indices)
    func aBadValueNamesItsPlaceTheValueAndWhatIsAllowed(_ index: Int) throws {
        let (setting, value, allowed) = Self.badValues[index]
        let byFlag = #expect(throws: SettingsError.self) { try ServerSettings.resolve(flags: [setting: [value]]) }
        let message = try #require(byFlag?.message)
        #expect(message.contains(setting.flag))
        #expect(message.contains("\"\(value)\""))
        #expect(message.contains(allowed))
        guard setting.kind != .list, !value.isEmpty else { return }
        let byVariable = #expect(throws: SettingsError.self) {
            try ServerSettings.resolve(environment: [setting.variable: value])
        }
        #expect(byVariable?.message == message.replacing(setting.flag, with: setting.variable))
    }

    /// What does not fit together, or cannot be understood at all, and what the message must contain.
    static let badCombinations: [([Setting: [String]], [String])] = [
        ([.workers: ["2"]], ["--workers 2", "--redis redis://"]),
        ([.tlsCertificate: ["a"]], ["--tls-key"]), ([.tlsKey: ["a"]], ["--tls-cert"]),
        ([.authSecret: [String(repeating: "a", count: 32)], .authJWKS: ["x"]], ["--auth-secret", "--auth-jwks"]),
        ([.authSecret: [String(repeating: "a", count: 31)]], ["--auth-secret", "31 bytes", "32"]),
        ([.port: ["8081"]], ["--port", "--admin", "127.0.0.1:8081"]),
        ([.origin: ["any", "https://a.example"]], ["--origin", "any"]),
        ([.redis: ["http://127.0.0.1"]], ["--redis", "redis://"]), ([.redis: [""]], ["--redis", "redis://"]),
        ([.redis: ["redis://h:0"]], ["--redis", "port"]),
    ]

    @Test(arguments: badCombinations.indices)
    func whatDoesNotFitTogetherIsRefused(_ index: Int) throws {
        let (flags, parts) = Self.badCombinations[index]
        let error = #expect(throws: SettingsError.self) { try ServerSettings.resolve(flags: flags) }
        for part in parts { #expect(error?.message.contains(part) == true, "\(part) in \(error?.message ?? "-")") }
    }

    @Test func secretsAreNotInMessages() throws {
        let password = "hunter2secret"
        let redis = #expect(throws: SettingsError.self) {
            try ServerSettings.resolve(flags: [.redis: ["redis://user:\(password)@host:notaport"]])
        }
        #expect(redis?.message.contains(password) == false)
        let secret = #expect(throws: SettingsError.self) {
            try ServerSettings.resolve(flags: [.authSecret: [password]])
        }
        #expect(secret?.message.contains(password) == false)
    }

    @Test func kubernetesVariablesAreExplained() throws {
        let error = #expect(throws: SettingsError.self) {
            try ServerSettings.resolve(environment: ["LOOPGUARD_PORT": "tcp://10.0.0.1:80"])
        }
        #expect(error?.message.contains("enableServiceLinks") == true)
    }

    /// JSON, and what the message must contain.
    static let badFiles: [(String, [String])] = [
        ("", ["/etc/loopguard.json", "JSON"]), ("[1]", ["/etc/loopguard.json", "object"]),
        ("{", ["/etc/loopguard.json", "JSON"]),
        (#"{"prot": 1}"#, ["unknown key prot", "Did you mean port?", "/etc/loopguard.json"]),
        (#"{"watchdog-ms": 1}"#, ["unknown key watchdog-ms", "Did you mean watchdog_ms?"]),
        (#"{"port": "8080"}"#, ["port in /etc/loopguard.json", "number"]),
        (#"{"port": 1.5}"#, ["port in /etc/loopguard.json", "number"]),
        (#"{"port": 70000}"#, ["port in /etc/loopguard.json", "70000", "65535"]),
        (#"{"port": null}"#, ["port in /etc/loopguard.json", "null"]),
        (#"{"host": 1}"#, ["host in /etc/loopguard.json", "string"]),
        (#"{"demo": "yes"}"#, ["demo in /etc/loopguard.json", "true or false"]),
        (#"{"origin": [1]}"#, ["origin in /etc/loopguard.json", "array of strings"]),
        (#"{"port": {"a": 1}}"#, ["port", "/etc/loopguard.json"]),
    ]

    @Test(arguments: badFiles.indices)
    func aBadFileIsRefused(_ index: Int) throws {
        let (json, parts) = Self.badFiles[index]
        let error = #expect(throws: SettingsError.self) { try ServerSettings.resolve(file: file(json)) }
        for part in parts { #expect(error?.message.contains(part) == true, "\(part) in \(error?.message ?? "-")") }
    }

    @Test func unknownVariablesAreNoticed() {
        let names = SettingSources.unknownVariables([
            "LOOPGUARD_PROT": "1", "LOOPGUARD_PORT": "1", "LOOPGUARD_CONFIG": "x", "HOME": "/",
            InternalVariables.workerIndex: "1",
        ])
        #expect(names == ["LOOPGUARD_PROT"])
    }
}

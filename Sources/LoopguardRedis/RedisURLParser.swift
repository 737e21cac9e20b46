import LoopguardBus

/// Takes a Redis address apart. Every refusal names what is wrong and how it should look.
struct RedisURLParser {
    private let input: String
    private var url = RedisURL(target: .tcp(host: "", port: 6379))

    /// Largest index that is taken; Redis itself has 16 unless configured.
    private static let maximumDatabase = 65_535
    private static let maximumBytes = 2048

    init(_ input: String) { self.input = input }

    mutating func parse() throws(BusError) -> RedisURL {
        guard input.utf8.count <= Self.maximumBytes else {
            throw BusError(
                .invalidURL, "The Redis URL has \(input.utf8.count) bytes; at most \(Self.maximumBytes) make sense.")
        }
        guard !input.isEmpty else { throw refusal("it is empty") }
        guard input.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw refusal("it holds spaces or control characters; percent-encode them")
        }
        guard let (scheme, rest) = Self.split(input[...], at: "://") else {
            throw refusal("it has no scheme; begin with redis://, rediss:// or unix://")
        }
        switch scheme.lowercased() {
        case "redis": try parseNetwork(rest)
        case "rediss":
            url.usesTLS = true
            try parseNetwork(rest)
        case "unix": try parseSocket(rest)
        default: throw refusal("its scheme is none of redis://, rediss://, unix://")
        }
        return url
    }

    private mutating func parseNetwork(_ rest: Substring) throws(BusError) {
        guard !rest.contains("?"), !rest.contains("#") else {
            throw refusal("? and # have no meaning in it; percent-encode them in a password (%3F, %23)")
        }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count).dropFirst()
        if path.contains("@") { throw refusal("/ stands before @; percent-encode it in a password (%2F)") }
        let hostPort = try takeCredentials(authority)
        url.target = try parseHost(hostPort)
        if !path.isEmpty { url.database = try database(path) }
    }

    private mutating func parseSocket(_ rest: Substring) throws(BusError) {
        let start = rest.firstIndex(of: "/") ?? rest.endIndex
        if !rest[..<start].isEmpty {
            guard try takeCredentials(rest[..<start]).isEmpty else {
                throw refusal("a socket's path must be absolute: unix:///run/redis.sock")
            }
        }
        let path = rest[start...].prefix { $0 != "?" }
        let query = rest[start...].dropFirst(path.count).dropFirst()
        guard path.count > 1 else { throw refusal("the socket's path is missing: unix:///run/redis.sock") }
        let decoded = try percentDecoded(path, "path")
        // sockaddr_un holds 108 bytes, one of them the final zero.
        guard decoded.utf8.count <= 107 else { throw refusal("the socket's path is longer than 107 bytes") }
        url.target = .unixSocket(path: decoded)
        guard !query.isEmpty else { return }
        guard query.hasPrefix("db=") else { throw refusal("the only option of a unix:// URL is ?db=NUMBER") }
        url.database = try database(query.dropFirst(3))
    }

    /// Takes `user:password@` off and returns what follows.
    private mutating func takeCredentials(_ authority: Substring) throws(BusError) -> Substring {
        guard let at = authority.lastIndex(of: "@") else { return authority }
        let credentials = authority[..<at]
        if credentials.contains("@") { throw refusal("@ stands in the password; percent-encode it (%40)") }
        guard let colon = credentials.firstIndex(of: ":") else {
            throw refusal("there is no : before the @; a password alone is written redis://:PASSWORD@host")
        }
        let user = try percentDecoded(credentials[..<colon], "user")
        let password = try percentDecoded(credentials[credentials.index(after: colon)...], "password")
        guard !password.isEmpty else { throw refusal("the password before the @ is empty") }
        url.user = user.isEmpty ? nil : user
        url.password = password
        return authority[authority.index(after: at)...]
    }

    private func parseHost(_ hostPort: Substring) throws(BusError) -> RedisURL.Target {
        var host = hostPort
        var port: Substring?
        if hostPort.hasPrefix("[") {
            guard let close = hostPort.firstIndex(of: "]") else {
                throw refusal("the ] of the IPv6 address is missing")
            }
            host = hostPort[hostPort.index(after: hostPort.startIndex)..<close]
            let rest = hostPort[hostPort.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw refusal("only :PORT may follow the ]") }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || ":.%".contains($0) || $0.isLetter }) else {
                throw refusal("what stands in [ ] is no IPv6 address")
            }
        } else if let colon = hostPort.firstIndex(of: ":") {
            host = hostPort[..<colon]
            let rest = hostPort[hostPort.index(after: colon)...]
            if rest.contains(":") { throw refusal("an IPv6 address is written in brackets: redis://[::1]:6379") }
            port = rest
        }
        guard !host.isEmpty else { throw refusal("the host is missing") }
        guard !host.contains("%") || hostPort.hasPrefix("[") else { throw refusal("a host cannot be percent-encoded") }
        guard let port else { return .tcp(host: String(host), port: 6379) }
        guard let number = Self.number(port), (1...65_535).contains(number) else {
            throw refusal("the port must be a number from 1 to 65535")
        }
        return .tcp(host: String(host), port: number)
    }

    private func database(_ text: Substring) throws(BusError) -> Int {
        guard let number = Self.number(text), number <= Self.maximumDatabase else {
            throw refusal("the database must be a number from 0 to \(Self.maximumDatabase)")
        }
        return number
    }

    /// Digits only: `Int` would take a sign.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    private func percentDecoded(_ text: Substring, _ what: String) throws(BusError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2,
                digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
            else { throw refusal("a % in the \(what) must be followed by two hexadecimal digits (% itself is %25)") }
            bytes.append(value)
            rest.removeFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !decoded.utf8.contains(0) else {
            throw refusal("the \(what) is no UTF-8 text")
        }
        return decoded
    }

    private func refusal(_ reason: String) -> BusError {
        BusError(
            .invalidURL,
            "`\(Self.redacted(input))` is no Redis URL: \(reason). "
                + "Expected redis://[user:password@]host[:port][/db], rediss://… for TLS, or unix:///path[?db=N].")
    }

    /// The input for messages. It may be malformed in any way, so whatever could be a password goes: all between the
    /// scheme and the last `@`, and a query.
    static func redacted(_ input: String) -> String {
        let (scheme, rest) = split(input[...], at: "://") ?? ("", input[...])
        let shown = scheme.isEmpty ? "" : "\(scheme)://"
        let afterAt = rest.lastIndex(of: "@").map { "***@\(rest[rest.index(after: $0)...])" } ?? String(rest)
        let withoutQuery = afterAt.prefix { $0 != "?" && $0 != "#" }
        let query = withoutQuery.count < afterAt.count ? "?***" : ""
        let text = shown + withoutQuery + query
        // Control characters would break the log line that this ends up in.
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    private static func split(_ text: Substring, at separator: String) -> (Substring, Substring)? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(separator) {
                return (text[..<index], text[text.index(index, offsetBy: separator.count)...])
            }
            index = text.index(after: index)
        }
        return nil
    }
}

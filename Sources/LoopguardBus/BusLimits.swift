/// What every bus demands of topics, headers and payloads, so that a program that runs on one bus runs on the others.
public enum BusLimits {
    /// Longest topic name, in UTF-8 bytes.
    public static let maximumTopicBytes = 255
    /// Longest header value (correlation, origin), in UTF-8 bytes.
    public static let maximumHeaderBytes = 255

    /// Checks a topic's name: 1 to 255 UTF-8 bytes, no control characters.
    ///
    /// - Throws: ``BusError`` with code `.invalidTopic`.
    public static func validate(topic: String) throws(BusError) {
        let count = topic.utf8.count
        guard count > 0 else {
            throw BusError(.invalidTopic, "The topic's name is empty; use 1 to \(maximumTopicBytes) bytes.")
        }
        guard count <= maximumTopicBytes else {
            throw BusError(
                .invalidTopic,
                "The topic's name has \(count) bytes; at most \(maximumTopicBytes) are allowed. Hash long names.")
        }
        guard !hasControlCharacter(topic) else {
            throw BusError(.invalidTopic, "The topic's name holds control characters; use printable ones only.")
        }
    }

    /// Checks headers: each value at most 255 UTF-8 bytes, no control characters (they end up in log lines).
    ///
    /// - Throws: ``BusError`` with code `.invalidHeaders`.
    public static func validate(headers: BusHeaders) throws(BusError) {
        if let correlation = headers.correlation { try validate(header: correlation, named: "correlation") }
        if let origin = headers.origin { try validate(header: origin, named: "origin") }
    }

    private static func validate(header: String, named name: String) throws(BusError) {
        guard header.utf8.count <= maximumHeaderBytes else {
            throw BusError(
                .invalidHeaders,
                "The header `\(name)` has \(header.utf8.count) bytes; at most \(maximumHeaderBytes) are allowed.")
        }
        guard !hasControlCharacter(header) else {
            throw BusError(.invalidHeaders, "The header `\(name)` holds control characters.")
        }
    }

    /// Checks a payload's size against a bus' limit.
    ///
    /// - Throws: ``BusError`` with code `.messageTooLarge`.
    public static func validate(payloadBytes: Int, limit: Int) throws(BusError) {
        guard payloadBytes <= limit else {
            throw BusError(
                .messageTooLarge, "The payload has \(payloadBytes) bytes; this bus allows at most \(limit).")
        }
    }

    /// Checks the arguments of a lease: name and owner as topics; 1 ms to 1 day.
    ///
    /// - Throws: ``BusError`` with code `.invalidTopic` (the name or owner) or `.invalidConfiguration` (the time).
    public static func validate(lease name: String, owner: String, ttlMilliseconds: Int) throws(BusError) {
        for (what, value) in [("name", name), ("owner", owner)] {
            do { try validate(topic: value) } catch {
                throw BusError(.invalidTopic, "The lease's \(what) is not allowed.", cause: error)
            }
        }
        guard (1...86_400_000).contains(ttlMilliseconds) else {
            throw BusError(
                .invalidConfiguration, "A lease lives 1 to 86,400,000 ms; \(ttlMilliseconds) ms were asked for.")
        }
    }

    /// C0, DEL and C1: what can break a log line, a terminal or a protocol.
    static func hasControlCharacter(_ string: String) -> Bool {
        string.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}

/// How a message travels through a broker: a version, the headers, and the payload as it is.
///
/// ```
/// byte 0   version (1)
/// byte 1   flags: 1 = binary, 2 = has a correlation, 4 = has an origin; the others are 0
///          [length byte, UTF-8]   correlation, if flagged
///          [length byte, UTF-8]   origin, if flagged
///          payload, to the end
/// ```
///
/// Binary safe. Decoding never traps, whatever the bytes.
public struct BusEnvelope: Sendable, Equatable {
    public var headers: BusHeaders
    public var payload: [UInt8]

    public init(headers: BusHeaders, payload: [UInt8]) {
        self.headers = headers
        self.payload = payload
    }

    /// Version that this build writes, and the only one that it reads.
    public static let version: UInt8 = 1
    /// Most bytes that an envelope adds to its payload.
    public static let maximumOverheadBytes = 2 + 2 * (1 + BusLimits.maximumHeaderBytes)

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let binary = Flags(rawValue: 1)
        static let correlation = Flags(rawValue: 2)
        static let origin = Flags(rawValue: 4)
        static let known: Flags = [.binary, .correlation, .origin]
    }

    /// The bytes to send.
    ///
    /// - Throws: ``BusError`` with code `.invalidHeaders`.
    public func encoded() throws(BusError) -> [UInt8] {
        try BusLimits.validate(headers: headers)
        var flags: Flags = headers.isBinary ? .binary : []
        if headers.correlation != nil { flags.insert(.correlation) }
        if headers.origin != nil { flags.insert(.origin) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.maximumOverheadBytes + payload.count)
        bytes.append(Self.version)
        bytes.append(flags.rawValue)
        for case let value? in [headers.correlation, headers.origin] {
            // `validate` has bounded it to 255.
            bytes.append(UInt8(truncatingIfNeeded: value.utf8.count))
            bytes.append(contentsOf: value.utf8)
        }
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// Reads an envelope.
    ///
    /// - Parameter maximumPayloadBytes: Larger payloads are refused before they are copied.
    /// - Throws: ``BusError`` with code `.protocolViolation` when the bytes are no envelope, `.messageTooLarge`.
    public init(decoding bytes: ArraySlice<UInt8>, maximumPayloadBytes: Int) throws(BusError) {
        var rest = bytes
        guard let version = rest.popFirst(), let rawFlags = rest.popFirst() else {
            throw BusError(.protocolViolation, "An envelope of \(bytes.count) bytes is too short.")
        }
        guard version == Self.version else {
            throw BusError(
                .protocolViolation,
                "The envelope has version \(version), this build reads \(Self.version). Do all workers run one release?"
            )
        }
        let flags = Flags(rawValue: rawFlags)
        guard flags.isSubset(of: .known) else {
            throw BusError(.protocolViolation, "The envelope has unknown flags (\(rawFlags)).")
        }
        let correlation = flags.contains(.correlation) ? try Self.takeHeader(from: &rest) : nil
        let origin = flags.contains(.origin) ? try Self.takeHeader(from: &rest) : nil
        try BusLimits.validate(payloadBytes: rest.count, limit: maximumPayloadBytes)
        self.init(
            headers: BusHeaders(correlation: correlation, origin: origin, isBinary: flags.contains(.binary)),
            payload: Array(rest))
    }

    private static func takeHeader(from rest: inout ArraySlice<UInt8>) throws(BusError) -> String {
        guard let length = rest.popFirst(), rest.count >= Int(length) else {
            throw BusError(.protocolViolation, "The envelope ends within a header.")
        }
        let bytes = rest.prefix(Int(length))
        rest.removeFirst(Int(length))
        guard let value = String(validating: bytes, as: UTF8.self), !BusLimits.hasControlCharacter(value) else {
            throw BusError(.protocolViolation, "A header of the envelope is no printable UTF-8.")
        }
        return value
    }
}

public import Logging

/// Follows one connection through log lines, offloaded work, the bus and stall reports.
public struct CorrelationID: Hashable, Sendable, CustomStringConvertible {
    /// Longest accepted identifier, in bytes.
    public static let maximumLength = 128

    public let description: String

    /// Takes an identifier that came from outside: 1…128 bytes of ASCII letters, digits and `-_.:/+=@`.
    ///
    /// Returns nil for everything else: an identifier is copied into log lines and headers, so it must not be able to
    /// end one and begin another.
    public init?(validating text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.maximumLength).contains(bytes.count) else { return nil }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                continue
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"),
                UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"):
                continue
            default:
                return nil
            }
        }
        self.description = String(text)
    }

    private init(unchecked text: String) { self.description = text }

    /// A new identifier: 96 random bits, 24 hexadecimal digits.
    public static func mint() -> CorrelationID {
        var generator = SystemRandomNumberGenerator()
        let high = String(generator.next() as UInt64, radix: 16)
        let low = String(UInt32.random(in: .min ... .max, using: &generator), radix: 16)
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: "0", count: width - text.count) + text
        }
        return CorrelationID(unchecked: padded(high, 16) + padded(low, 8))
    }

    /// The identifier of the running task. Offloaded work sees it as well.
    @TaskLocal public static var current: CorrelationID?
}

extension Logger.MetadataProvider {
    /// Adds `correlation`, `route` and `connection` of the running task to every log line.
    public static let loopguard = Logger.MetadataProvider {
        var metadata: Logger.Metadata = [:]
        if let id = CorrelationID.current { metadata["correlation"] = "\(id)" }
        if let scope = HandlerScope.current {
            metadata["route"] = "\(scope.route)"
            metadata["connection"] = "\(scope.connection)"
        }
        return metadata
    }
}

/// One reply of Redis in its second protocol (RESP2).
enum RESPValue: Sendable, Equatable {
    case simpleString(String)
    /// An error reply, such as `NOAUTH Authentication required.`: the command failed, the connection is fine.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([RESPValue])

    /// The text of a bulk or simple string (invalid UTF-8 replaced); nil for anything else.
    var text: String? {
        switch self {
        case .simpleString(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// An unsigned number, whether it came as an integer or as digits.
    var unsigned: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        default: text.flatMap { UInt64($0) }
        }
    }

    /// For messages: what kind of reply this is, without its content.
    var kind: String {
        switch self {
        case .simpleString: "a simple string"
        case .error: "an error"
        case .integer: "an integer"
        case .bulk(let bytes): "a string of \(bytes.count) bytes"
        case .null: "nil"
        case .array(let values): "an array of \(values.count)"
        }
    }
}

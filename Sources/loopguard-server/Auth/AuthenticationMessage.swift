import Foundation

/// The first message of `/ws/secure`: `{"token": "…"}`.
enum AuthenticationMessage: Equatable {
    /// Longest accepted message, in bytes.
    static let maximumBytes = 4096

    case token(String)
    /// An object without a token: somebody who has none.
    case noToken
    /// Not what the protocol asks for.
    case malformed(String)

    init(bytes: [UInt8], isText: Bool) {
        guard isText else {
            self = .malformed("Binary Message")
            return
        }
        guard bytes.count <= Self.maximumBytes else {
            self = .malformed("Message Too Long")
            return
        }
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            self = .malformed("Not a JSON Object")
            return
        }
        switch object["token"] {
        case nil: self = .noToken
        case let text as String: self = .token(text)
        default: self = .malformed("Token Is Not a String")
        }
    }
}

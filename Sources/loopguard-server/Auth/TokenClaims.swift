import Foundation
import JWTKit

/// What a token says. Times are judged by ``validate(now:)`` and not by JWTKit, which lets tokens without `exp` pass.
struct TokenClaims: JWTPayload, Equatable {
    /// Longest accepted `sub`, in bytes: it goes into log lines.
    static let maximumSubjectBytes = 256

    var sub: SubjectClaim?
    var exp: ExpirationClaim?
    var nbf: NotBeforeClaim?
    var iat: IssuedAtClaim?

    func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// For whom and until when, or why not.
    func validate(now: Date) throws(TokenRejection) -> AcceptedToken {
        guard let subject = sub?.value, !subject.isEmpty, subject.utf8.count <= Self.maximumSubjectBytes else {
            throw TokenRejection("it has no usable sub claim")
        }
        guard let expiry = exp?.value else { throw TokenRejection("it has no exp claim") }
        guard now < expiry else { throw TokenRejection("it has expired") }
        if let start = nbf?.value, now < start { throw TokenRejection("it is not valid yet") }
        return AcceptedToken(subject: subject, expiry: expiry)
    }
}

/// A token that was found good.
struct AcceptedToken: Sendable, Equatable {
    var subject: String
    var expiry: Date
}

/// Why a token was not accepted: for our log, not for the client. Never holds the token.
struct TokenRejection: Error, Sendable, Equatable {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

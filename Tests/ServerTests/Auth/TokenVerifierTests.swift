import Foundation
import JWTKit
import Testing

@testable import loopguard_server

struct TokenVerifierTests {
    private static let secret = "a secret that is long enough for HS256"
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// Signs what it is told, right or wrong.
    private func token(
        _ claims: [String: Any], header: [String: String] = ["alg": "HS256", "typ": "JWT"],
        secret: String = TokenVerifierTests.secret
    ) async throws -> String {
        func part(_ data: Data) -> String {
            data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let signed =
            part(try JSONSerialization.data(withJSONObject: header)) + "."
            + part(try JSONSerialization.data(withJSONObject: claims))
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        let signature = try await keys.getKey().sign(Array(signed.utf8))
        return signed + "." + part(Data(signature))
    }

    private let good: [String: Any] = ["sub": "alice", "exp": 1_800_000_060]

    private func verify(_ token: String) async throws -> AcceptedToken {
        try await TokenVerifier.secret(Self.secret).verify(token, now: Self.now)
    }

    @Test func aGoodTokenSaysWhoAndUntilWhen() async throws {
        let accepted = try await verify(try await token(good))
        #expect(accepted == AcceptedToken(subject: "alice", expiry: Date(timeIntervalSince1970: 1_800_000_060)))
    }

    @Test func aMintedTokenIsGood() async throws {
        let verifier = await TokenVerifier.secret(Self.secret)
        let minted = try await verifier.mint(subject: "bob", lifetimeSeconds: 10, now: Self.now)
        #expect(try await verifier.verify(minted, now: Self.now).subject == "bob")
        await #expect(throws: TokenRejection.self) {
            try await verifier.verify(minted, now: Self.now.addingTimeInterval(10))
        }
    }

    @Test func wrongClaimsAreRefused() async throws {
        let bad: [([String: Any], String)] = [
            (["sub": "a", "exp": 1_800_000_000], "expired"), (["sub": "a", "exp": 1], "expired"),
            (["sub": "a"], "no exp"), (["exp": 1_800_000_060], "sub"), (["sub": "", "exp": 1_800_000_060], "sub"),
            (["sub": String(repeating: "a", count: 257), "exp": 1_800_000_060], "sub"),
            (["sub": "a", "exp": 1_800_000_060, "nbf": 1_800_000_030], "not valid yet"),
            (["sub": "a", "exp": "soon"], "malformed"), (["sub": 1, "exp": 1_800_000_060], "malformed"),
        ]
        for (claims, reason) in bad {
            let text = try await token(claims)
            let error = await #expect(throws: TokenRejection.self) { try await verify(text) }
            #expect(error?.reason.contains(reason) == true, "\(claims): \(error?.reason ?? "-")")
        }
    }

    @Test func anotherSecretIsRefused() async throws {
        let text = try await token(good, secret: "another secret, long enough as well")
        let error = await #expect(throws: TokenRejection.self) { try await verify(text) }
        #expect(error?.reason == "signatureVerificationFailed")
    }

    @Test(arguments: ["none", "None", "HS384", "HS512", "RS256", "ES256", ""])
    func anotherAlgorithmIsRefused(_ algorithm: String) async throws {
        let signed = try await token(good, header: ["alg": algorithm, "typ": "JWT"])
        let unsigned = signed.split(separator: ".").prefix(2).joined(separator: ".") + "."
        for text in [signed, unsigned] {
            let error = await #expect(throws: TokenRejection.self) { try await verify(text) }
            #expect(error?.reason.contains("algorithm") == true)
        }
    }

    @Test(arguments: ["", ".", "..", "a.b.c", "garbage", "a.b.c.d", String(repeating: "a", count: 5000), "é.é.é"])
    func rubbishIsRefused(_ text: String) async {
        await #expect(throws: TokenRejection.self) { try await verify(text) }
    }

    @Test func aTokenCutOrChangedAnywhereIsRefused() async throws {
        let text = try await token(good)
        for index in stride(from: 0, to: text.count, by: 7) {
            let place = text.index(text.startIndex, offsetBy: index)
            var changed = text
            changed.replaceSubrange(place...place, with: text[place] == "A" ? "B" : "A")
            let cut = String(text[..<place])
            await #expect(throws: TokenRejection.self) { try await verify(cut) }
            await #expect(throws: TokenRejection.self, "changed at \(index)") { try await verify(changed) }
        }
    }

    @Test func anAstronomicalExpiryDoesNotTrap() async throws {
        let accepted = try await verify(try await token(["sub": "a", "exp": 1e300]))
        #expect(accepted.expiry > Self.now)
    }

    @Test func publicKeysVerifyTheirTokensAndNoSharedSecret() async throws {
        let key = ES256PrivateKey()
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key, kid: "k1")
        let claims = TokenClaims(
            sub: "carol", exp: .init(value: Self.now.addingTimeInterval(60)), nbf: nil, iat: nil)
        let signed = try await keys.sign(claims, kid: "k1")
        let parameters = try #require(key.publicKey.parameters)
        func url(_ text: String) -> String { text.replacing("+", with: "-").replacing("/", with: "_") }
        let set =
            #"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k1","x":"\#(url(parameters.x))","y":"\#(url(parameters.y))"}]}"#
        let verifier = try await TokenVerifier.jwks(set)
        #expect(try await verifier.verify(signed, now: Self.now).subject == "carol")

        // The classic confusion: the public key used as an HMAC secret.
        let confused = try await token(good, header: ["alg": "HS256", "typ": "JWT", "kid": "k1"], secret: parameters.x)
        let error = await #expect(throws: TokenRejection.self) { try await verifier.verify(confused, now: Self.now) }
        #expect(error?.reason.contains("algorithm") == true)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"keys":[]}"#, #"{"keys":[{"kty":"EC"}]}"#, #"{"keys":[{"kty":"RSA","kid":"a"}]}"#,
    ])
    func anUnusableKeySetIsRefused(_ json: String) async {
        await #expect(throws: TokenRejection.self) { try await TokenVerifier.jwks(json) }
    }
}

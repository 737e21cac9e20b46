import Testing

@testable import loopguard_server

/// Who is let into `/ws/secure`, told on a virtual clock.
struct AuthenticationStateMachineTests {
    private let invalid = AuthenticationStateMachine.Action.close(code: 4001, reason: "Unauthorized: Invalid Token")
    private let timeout = AuthenticationStateMachine.Action.close(code: 4002, reason: "Auth Timeout")
    private let expired = AuthenticationStateMachine.Action.close(code: 4001, reason: "Unauthorized: Token Expired")

    private func waiting() -> AuthenticationStateMachine {
        var machine = AuthenticationStateMachine(timeout: .seconds(5))
        _ = machine.handle(.opened(cookie: nil), at: .zero)
        return machine
    }

    @Test func aGoodTokenLetsInUntilItExpires() {
        var machine = AuthenticationStateMachine(timeout: .seconds(5))
        #expect(machine.handle(.opened(cookie: nil), at: .zero) == [.wake(at: .seconds(5))])
        #expect(machine.handle(.message(.token("t")), at: .seconds(1)) == [.verify("t")])
        #expect(
            machine.handle(.accepted(subject: "alice", validFor: .seconds(60)), at: .seconds(2)) == [
                .admit(subject: "alice"), .wake(at: .seconds(62)),
            ])
        #expect(machine.isAdmitted)
        #expect(machine.handle(.timer, at: .seconds(5)) == [.wake(at: .seconds(62))])
        #expect(machine.handle(.timer, at: .seconds(62)) == [expired])
        #expect(!machine.isAdmitted)
        #expect(machine.handle(.timer, at: .seconds(63)) == [])
    }

    @Test func silenceIsATimeout() {
        var machine = waiting()
        #expect(machine.handle(.timer, at: .milliseconds(4999)) == [])
        #expect(machine.handle(.timer, at: .seconds(5)) == [timeout])
        #expect(machine.handle(.message(.token("t")), at: .seconds(6)) == [])
    }

    @Test func aMessageAfterTheDeadlineIsLateEvenBeforeTheTimer() {
        var machine = waiting()
        #expect(machine.handle(.message(.token("t")), at: .seconds(5)) == [timeout])
    }

    @Test func aCheckThatTakesTooLongIsATimeout() {
        var machine = waiting()
        _ = machine.handle(.message(.token("t")), at: .seconds(4))
        #expect(machine.handle(.timer, at: .seconds(5)) == [timeout])
        #expect(machine.handle(.accepted(subject: "a", validFor: .seconds(9)), at: .seconds(6)) == [])
        #expect(!machine.isAdmitted)
    }

    @Test func noTokenAWrongOneAndRubbishHaveTheirCodes() {
        var machine = waiting()
        #expect(machine.handle(.message(.noToken), at: .zero) == [invalid])
        machine = waiting()
        _ = machine.handle(.message(.token("t")), at: .zero)
        #expect(machine.handle(.rejected, at: .zero) == [invalid])
        machine = waiting()
        #expect(machine.handle(.message(.malformed("What")), at: .zero) == [.close(code: 1008, reason: "What")])
    }

    @Test func aCookieIsCheckedAtOnce() {
        var machine = AuthenticationStateMachine(timeout: .seconds(5))
        #expect(machine.handle(.opened(cookie: "c"), at: .zero) == [.wake(at: .seconds(5)), .verify("c")])
        #expect(machine.handle(.rejected, at: .zero) == [invalid])
    }

    @Test func aTokenThatExpiresDuringItsCheckIsExpired() {
        var machine = waiting()
        _ = machine.handle(.message(.token("t")), at: .zero)
        #expect(machine.handle(.accepted(subject: "a", validFor: .zero), at: .zero) == [expired])
    }

    @Test func aFarExpiryIsLookedAtDaily() {
        var machine = waiting()
        _ = machine.handle(.message(.token("t")), at: .zero)
        let day = AuthenticationStateMachine.longestTimer
        let actions = machine.handle(.accepted(subject: "a", validFor: day * 3), at: .zero)
        #expect(actions == [.admit(subject: "a"), .wake(at: day)])
        #expect(machine.handle(.timer, at: day) == [.wake(at: day * 2)])
        #expect(machine.handle(.timer, at: day * 3) == [expired])
    }

    static let messages: [(String, Bool, AuthenticationMessage)] = [
        (#"{"token":"abc"}"#, true, .token("abc")), (#" { "x": 1, "token": "abc" } "#, true, .token("abc")),
        (#"{"token":""}"#, true, .token("")), ("{}", true, .noToken), (#"{"Token":"abc"}"#, true, .noToken),
        (#"{"token":7}"#, true, .malformed("Token Is Not a String")),
        (#"{"token":null}"#, true, .malformed("Token Is Not a String")),
        ("[]", true, .malformed("Not a JSON Object")), (#""token""#, true, .malformed("Not a JSON Object")),
        ("", true, .malformed("Not a JSON Object")), ("{", true, .malformed("Not a JSON Object")),
        (#"{"token":"abc"}"#, false, .malformed("Binary Message")),
        (#"{"token":""# + String(repeating: "a", count: 4096) + #""}"#, true, .malformed("Message Too Long")),
        (String(repeating: "[", count: 4096), true, .malformed("Not a JSON Object")),
    ]

    @Test(arguments: messages.indices)
    func theFirstMessageIsRead(_ index: Int) {
        let (text, isText, expected) = Self.messages[index]
        #expect(AuthenticationMessage(bytes: Array(text.utf8), isText: isText) == expected)
    }
}

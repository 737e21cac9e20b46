import Logging
import NIOCore
import Testing

@testable import LoopguardWebSocket

@Suite struct CloseHandshakeTests {
    typealias Actions = CloseHandshake.Actions
    static func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
    }
    static func make() -> CloseHandshake { CloseHandshake(timeout: .seconds(5)) }

    @Test func serverCloses() {
        var close = Self.make()
        let frame = CloseFrame(code: .normal, reason: "done")
        #expect(close.close(.normal, "done", now: Self.at(0)) == Actions(send: frame, endsMessages: true))
        #expect(close.close(.goingAway, "again", now: Self.at(1)) == .none, "idempotent")
        #expect(!close.acceptsMessages && close.acceptsFrames)
        #expect(close.closeFrameWritten(now: Self.at(1)) == .none)
        #expect(
            close.received(CloseFrame(code: .normal), isHandlerIdle: true, now: Self.at(2))
                == Actions(shutsDownWriting: true))
        #expect(close.wasHandshaken)
        #expect(close.tick(now: Self.at(500)) == .none)
        #expect(close.tick(now: Self.at(1_002)) == Actions(cuts: true))
        #expect(close.info == CloseInfo(code: .normal, reason: "done", initiator: .server))
    }

    @Test func peerClosesAndTheHandlerIsIdle() {
        var close = Self.make()
        let actions = close.received(CloseFrame(code: .goingAway, reason: "left"), isHandlerIdle: true, now: Self.at(0))
        #expect(actions == Actions(send: CloseFrame(code: .goingAway)))
        #expect(close.closeFrameWritten(now: Self.at(1)) == Actions(shutsDownWriting: true))
        #expect(close.info == CloseInfo(code: .goingAway, reason: "left", initiator: .peer))
    }

    @Test func aCloseFrameWithoutCodeIsAnsweredWithoutCode() {
        var close = Self.make()
        let actions = close.received(CloseFrame(code: nil), isHandlerIdle: true, now: Self.at(0))
        #expect(actions == Actions(send: CloseFrame(code: nil)))
        #expect(close.info?.code == .noStatus)
    }

    @Test func theAnswerWaitsForTheHandler() {
        var close = Self.make()
        #expect(close.received(CloseFrame(code: .normal), isHandlerIdle: false, now: Self.at(0)) == .none)
        #expect(!close.acceptsFrames)
        #expect(close.handlerIsIdle(now: Self.at(5)) == Actions(send: CloseFrame(code: .normal)))
        #expect(close.handlerIsIdle(now: Self.at(6)) == .none)
    }

    @Test func theAnswerDoesNotWaitForever() {
        var close = Self.make()
        #expect(close.received(CloseFrame(code: .normal), isHandlerIdle: false, now: Self.at(0)) == .none)
        #expect(close.tick(now: Self.at(999)) == .none)
        #expect(close.tick(now: Self.at(1_000)) == Actions(send: CloseFrame(code: .normal)))
    }

    @Test func aViolationIsAnsweredAndThePeersCloseFrameNotAwaited() {
        var close = Self.make()
        let actions = close.failed(.unmasked, isHandlerIdle: true, now: Self.at(0))
        #expect(actions.send == CloseFrame(code: .protocolError, reason: ProtocolFailure.unmasked.reason))
        #expect(close.closeFrameWritten(now: Self.at(1)) == Actions(shutsDownWriting: true))
        #expect(close.info?.isViolation == true && close.info?.initiator == .server)
        #expect(close.info?.logLevel == .notice)
    }

    @Test func aSilentPeerIsCut() {
        var close = Self.make()
        _ = close.close(.serviceRestart, "", now: Self.at(0))
        _ = close.closeFrameWritten(now: Self.at(10))
        #expect(close.tick(now: Self.at(4_999)) == .none)
        #expect(close.tick(now: Self.at(5_000)) == Actions(cuts: true))
        #expect(close.isClosed)
        #expect(close.tick(now: Self.at(9_000)) == .none)
    }

    @Test func aPeerThatReadsNothingIsCutToo() {
        var close = Self.make()
        _ = close.close(.serviceRestart, "", now: Self.at(0))
        #expect(close.tick(now: Self.at(5_000)) == Actions(cuts: true))
    }

    @Test func bothCloseAtOnce() {
        var close = Self.make()
        _ = close.close(.normal, "", now: Self.at(0))
        #expect(close.received(CloseFrame(code: .goingAway), isHandlerIdle: true, now: Self.at(1)) == .none)
        #expect(close.closeFrameWritten(now: Self.at(2)) == Actions(shutsDownWriting: true))
        #expect(close.info?.initiator == .server)
    }

    @Test func anEndWithoutCloseFrameIs1006() {
        var close = Self.make()
        close.transportEnded("reset")
        #expect(close.info == CloseInfo(code: .abnormal, reason: "reset", initiator: .transport))
        #expect(close.info?.logLevel == .notice)
        #expect(close.close(.normal, "", now: Self.at(0)) == .none)
    }
}

@Suite struct KeepAliveTests {
    static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }
    static func make() -> KeepAlive { KeepAlive(interval: .seconds(25), timeout: .seconds(10), now: at(0)) }

    @Test func pingsAfterSilenceAndGivesUp() {
        var keepAlive = Self.make()
        #expect(keepAlive.tick(now: Self.at(24)) == .none)
        #expect(keepAlive.tick(now: Self.at(25)) == .ping)
        #expect(keepAlive.tick(now: Self.at(34)) == .none)
        #expect(keepAlive.tick(now: Self.at(35)) == .timedOut)
    }

    @Test func anythingThatComesCounts() {
        var keepAlive = Self.make()
        #expect(keepAlive.tick(now: Self.at(25)) == .ping)
        keepAlive.sawInput = true
        #expect(keepAlive.tick(now: Self.at(34)) == .none)
        #expect(keepAlive.tick(now: Self.at(58)) == .none)
        #expect(keepAlive.tick(now: Self.at(59)) == .ping)
    }

    /// A loop that a handler has blocked could not read the pong: that must not cost its other clients the connection.
    @Test func aStallOfTheLoopIsNotHeldAgainstThePeer() {
        var keepAlive = Self.make()
        #expect(keepAlive.tick(now: Self.at(25)) == .ping)
        #expect(keepAlive.tick(now: Self.at(66), lateness: .seconds(40)) == .none)
        #expect(keepAlive.tick(now: Self.at(74)) == .none)
        #expect(keepAlive.tick(now: Self.at(75)) == .timedOut)
    }

    @Test func silenceProvesNothingWhileReadingIsPaused() {
        var keepAlive = Self.make()
        #expect(keepAlive.tick(now: Self.at(100), isReadingPaused: true) == .none)
        #expect(keepAlive.tick(now: Self.at(101)) == .none)
    }
}

import Testing

@testable import loopguard_server

/// Workers, told on a virtual clock.
struct SupervisorStateMachineTests {
    typealias Machine = SupervisorStateMachine

    /// A machine whose workers 1…n have been started as processes 1…n, and are ready.
    private func running(_ workers: Int, drain: Duration = .seconds(10)) -> Machine {
        var machine = Machine(.init(workers: workers, drain: drain))
        _ = machine.handle(.start, at: .zero)
        for process in 1...workers { _ = machine.handle(.ready(process: process), at: .zero) }
        return machine
    }

    @Test func startSpawnsEachWorkerOnce() {
        var machine = Machine(.init(workers: 3, drain: .seconds(10)))
        #expect(
            machine.handle(.start, at: .zero) == [
                .spawn(slot: 1, process: 1), .spawn(slot: 2, process: 2), .spawn(slot: 3, process: 3),
            ])
    }

    @Test func aCrashIsFollowedByARestartAfterAWait() {
        var machine = running(2)
        let second = Duration.seconds(1)
        #expect(
            machine.handle(.exited(process: 2, code: nil), at: second) == [
                .log(.restarting(slot: 2, after: .milliseconds(100))), .wake(at: second + .milliseconds(100)),
            ])
        #expect(machine.handle(.timer, at: second + .milliseconds(99)) == [])
        #expect(machine.handle(.timer, at: second + .milliseconds(100)) == [.spawn(slot: 2, process: 3)])
        #expect(machine.handle(.timer, at: second + .milliseconds(200)) == [])
        #expect(machine.slots[1].restarts == 1)
    }

    @Test func theWaitDoublesUpToTheLongestAndStartsAnewAfterAGoodTime() {
        var machine = running(1)
        var now = Duration.zero
        var waits: [Duration] = []
        var process = 1
        for _ in 0..<12 {
            now += .seconds(1)
            for case .log(.restarting(_, let wait)) in machine.handle(.exited(process: process, code: 1), at: now) {
                waits.append(wait)
                now += wait
            }
            process += 1
            #expect(machine.handle(.timer, at: now) == [.spawn(slot: 1, process: process)])
            _ = machine.handle(.ready(process: process), at: now)
        }
        #expect(waits.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(waits.last == .seconds(30))
        #expect(waits == waits.sorted())

        now += .seconds(10)
        let actions = machine.handle(.exited(process: process, code: 1), at: now)
        #expect(actions.first == .log(.restarting(slot: 1, after: .milliseconds(100))))
    }

    @Test func theSameFailureOfAllAtTheStartIsFinal() {
        var machine = Machine(.init(workers: 2, drain: .seconds(10)))
        _ = machine.handle(.start, at: .zero)
        #expect(machine.handle(.exited(process: 1, code: 64), at: .zero).contains(.exit(code: 64)) == false)
        #expect(
            machine.handle(.exited(process: 2, code: 64), at: .zero) == [
                .log(.givingUp(code: 64)), .exit(code: 64),
            ])
        #expect(machine.handle(.timer, at: .seconds(60)) == [])
    }

    @Test func differentFailuresOrASingleGoodWorkerAreNotFinal() {
        var different = Machine(.init(workers: 2, drain: .seconds(10)))
        _ = different.handle(.start, at: .zero)
        _ = different.handle(.exited(process: 1, code: 64), at: .zero)
        #expect(!different.handle(.exited(process: 2, code: 71), at: .zero).contains(.exit(code: 71)))

        var oneGood = Machine(.init(workers: 2, drain: .seconds(10)))
        _ = oneGood.handle(.start, at: .zero)
        _ = oneGood.handle(.ready(process: 1), at: .zero)
        _ = oneGood.handle(.exited(process: 1, code: 64), at: .zero)
        let actions = oneGood.handle(.exited(process: 2, code: 64), at: .zero)
        #expect(actions.first == .log(.restarting(slot: 2, after: .milliseconds(100))))
    }

    @Test func aSignalledStartIsNotAConfigurationError() {
        var machine = Machine(.init(workers: 1, drain: .seconds(10)))
        _ = machine.handle(.start, at: .zero)
        #expect(
            machine.handle(.exited(process: 1, code: nil), at: .zero).first
                == .log(.restarting(slot: 1, after: .milliseconds(100))))
    }

    @Test func termDrainsAndEndsWithZero() {
        var machine = running(2)
        #expect(
            machine.handle(.terminate, at: .seconds(1)) == [
                .log(.draining), .terminate(process: 1), .terminate(process: 2), .wake(at: .seconds(11)),
            ])
        #expect(machine.handle(.exited(process: 1, code: 0), at: .seconds(2)) == [])
        #expect(machine.handle(.exited(process: 2, code: 0), at: .seconds(3)) == [.exit(code: 0)])
    }

    @Test func whoMissesTheDeadlineIsKilledAndThatIsToldByTheExitCode() {
        var machine = running(2)
        _ = machine.handle(.terminate, at: .seconds(1))
        _ = machine.handle(.exited(process: 1, code: 0), at: .seconds(2))
        #expect(machine.handle(.timer, at: .milliseconds(10_999)) == [])
        #expect(machine.handle(.timer, at: .seconds(11)) == [.kill(process: 2)])
        #expect(machine.handle(.timer, at: .seconds(12)) == [])
        #expect(machine.handle(.exited(process: 2, code: nil), at: .seconds(12)) == [.exit(code: 70)])
    }

    @Test func aSecondTermCutsAtOnce() {
        var machine = running(2)
        _ = machine.handle(.terminate, at: .seconds(1))
        #expect(
            machine.handle(.terminate, at: .seconds(2)) == [
                .log(.cutting), .kill(process: 1), .kill(process: 2),
            ])
        #expect(machine.handle(.terminate, at: .seconds(2)) == [.log(.cutting)])
        _ = machine.handle(.exited(process: 1, code: nil), at: .seconds(2))
        #expect(machine.handle(.exited(process: 2, code: nil), at: .seconds(2)) == [.exit(code: 0)])
    }

    @Test func termWhileAllAreDownEndsAtOnceAndStartsNobody() {
        var machine = running(1)
        _ = machine.handle(.exited(process: 1, code: 1), at: .seconds(1))
        #expect(machine.handle(.terminate, at: .seconds(1)).last == .exit(code: 0))
        #expect(machine.handle(.timer, at: .seconds(2)) == [])
    }

    @Test func aRollingRestartTakesOneWorkerAtATimeAndTheNewIsUpFirst() {
        var machine = running(2)
        let now = Duration.seconds(20)
        #expect(machine.handle(.reload, at: now) == [.log(.reloadStarted), .spawn(slot: 1, process: 3)])
        #expect(machine.handle(.reload, at: now) == [.log(.reloadRefused)])
        #expect(machine.handle(.ready(process: 3), at: now) == [.terminate(process: 1), .wake(at: .seconds(30))])
        #expect(machine.handle(.exited(process: 1, code: 0), at: .seconds(21)) == [.spawn(slot: 2, process: 4)])
        #expect(machine.handle(.ready(process: 4), at: now) == [.terminate(process: 2), .wake(at: .seconds(30))])
        #expect(machine.handle(.exited(process: 2, code: 0), at: .seconds(22)) == [.log(.reloadFinished)])
        #expect(machine.slots.allSatisfy { $0.restarts == 0 && $0.previous == nil && $0.current != nil })
        #expect(machine.handle(.reload, at: .seconds(23)).first == .log(.reloadStarted))
    }

    @Test func anOldWorkerThatDoesNotGoIsKilled() {
        var machine = running(1)
        _ = machine.handle(.reload, at: .seconds(1))
        _ = machine.handle(.ready(process: 2), at: .seconds(1))
        #expect(machine.handle(.timer, at: .seconds(11)) == [.kill(process: 1)])
        #expect(machine.handle(.exited(process: 1, code: nil), at: .seconds(11)) == [.log(.reloadFinished)])
    }

    @Test func aNewWorkerThatFailsLeavesTheOldOne() {
        var machine = running(2)
        _ = machine.handle(.reload, at: .seconds(1))
        #expect(machine.handle(.exited(process: 3, code: 64), at: .seconds(1)) == [.log(.reloadAborted(slot: 1))])
        #expect(machine.slots[0].current?.number == 1)
        #expect(machine.handle(.reload, at: .seconds(2)).first == .log(.reloadStarted))
    }

    @Test func aCrashOfTheNewWorkerDuringTheDrainDoesNotStopTheRollingRestart() {
        var machine = running(2)
        _ = machine.handle(.reload, at: .seconds(1))
        _ = machine.handle(.ready(process: 3), at: .seconds(1))
        _ = machine.handle(.exited(process: 3, code: nil), at: .seconds(1))
        #expect(machine.handle(.exited(process: 1, code: 0), at: .seconds(1)) == [])
        #expect(machine.handle(.timer, at: .seconds(2)) == [.spawn(slot: 1, process: 4)])
        #expect(machine.handle(.ready(process: 4), at: .seconds(2)) == [.spawn(slot: 2, process: 5)])
    }

    @Test func termDuringARollingRestartEndsOldAndNew() {
        var machine = running(1)
        _ = machine.handle(.reload, at: .seconds(1))
        _ = machine.handle(.ready(process: 2), at: .seconds(1))
        let actions = machine.handle(.terminate, at: .seconds(2))
        #expect(actions.contains(.terminate(process: 2)))
        #expect(!actions.contains(.terminate(process: 1)), "it has been told already")
        #expect(machine.handle(.exited(process: 1, code: 0), at: .seconds(3)) == [])
        #expect(machine.handle(.exited(process: 2, code: 0), at: .seconds(3)) == [.exit(code: 0)])
    }

    @Test func aWorkerThatHangsWhileStartingIsKilledOnceAndStartedAnew() {
        var configuration = Machine.Configuration(workers: 1, drain: .seconds(10))
        configuration.startTimeout = .seconds(60)
        var machine = Machine(configuration)
        _ = machine.handle(.start, at: .zero)
        #expect(machine.handle(.timer, at: .seconds(59)) == [])
        #expect(machine.handle(.timer, at: .seconds(60)) == [.log(.startTimedOut(slot: 1)), .kill(process: 1)])
        #expect(machine.handle(.timer, at: .seconds(61)) == [])
        let after = machine.handle(.exited(process: 1, code: nil), at: .seconds(62))
        #expect(after.contains(.log(.restarting(slot: 1, after: .milliseconds(100)))))
        #expect(machine.handle(.timer, at: .seconds(63)) == [.spawn(slot: 1, process: 2)])
        _ = machine.handle(.ready(process: 2), at: .seconds(64))
        #expect(machine.handle(.timer, at: .seconds(500)) == [], "it is up")
    }

    @Test func aSilentWorkerIsKilledOnceAndReplaced() {
        var machine = running(2)
        #expect(
            machine.handle(.silent(process: 2), at: .seconds(40)) == [.log(.killedSilent(slot: 2)), .kill(process: 2)])
        #expect(machine.handle(.silent(process: 2), at: .seconds(41)) == [])
        #expect(machine.handle(.silent(process: 9), at: .seconds(41)) == [])
        let after = machine.handle(.exited(process: 2, code: nil), at: .seconds(42))
        #expect(after.first == .log(.restarting(slot: 2, after: .milliseconds(100))))
    }

    @Test func unknownProcessesAreIgnored() {
        var machine = running(1)
        #expect(machine.handle(.exited(process: 99, code: 0), at: .zero) == [])
        #expect(machine.handle(.ready(process: 99), at: .zero) == [])
    }
}

import LoopguardCore
import Testing

@testable import loopguard_accuracy

@Suite struct RunVerdictTests {
    private let expected = Expectation(
        categories: ["blocked-in-system-call"], calls: ["clock_nanosleep"], kinds: ["single-job"],
        function: "Planted.usleep")

    // MARK: the count

    @Test func aStallIsCountedOnce() {
        #expect(RunVerdict(Sample.run(milliseconds: 40, lateTicks: 1), nil).isCountedRight == true)
        #expect(RunVerdict(Sample.run(milliseconds: 40, lateTicks: 0), nil).isCountedRight == false)
        #expect(RunVerdict(Sample.run(milliseconds: 40, lateTicks: 2), nil).isCountedRight == false)
    }

    @Test func withRoomForASecondLateTickTwoAreNoMistake() {
        #expect(RunVerdict(Sample.run(milliseconds: 40, lateTicks: 2, slack: 30), nil).isCountedRight == true)
        #expect(RunVerdict(Sample.run(milliseconds: 40, lateTicks: 0, slack: 30), nil).isCountedRight == false)
    }

    @Test func whatIsTooShortMustNotBeCounted() {
        #expect(RunVerdict(Sample.run(milliseconds: 10, lateTicks: 0), nil).isCountedRight == true)
        #expect(RunVerdict(Sample.run(milliseconds: 10, lateTicks: 1), nil).isCountedRight == false)
    }

    @Test func justBelowTheThresholdTheTickMayBeLate() {
        #expect(RunVerdict(Sample.run(milliseconds: 19, lateTicks: 1, slack: 1), nil).isCountedRight == nil)
    }

    // MARK: caught

    @Test func caughtMeansAStackWhileItLasted() {
        let run = Sample.run(milliseconds: 40, expected: expected)
        #expect(RunVerdict(run, Sample.report(milliseconds: 40)).isCaught == true)
        #expect(RunVerdict(run, Sample.report(milliseconds: 40, latencyNs: nil)).isCaught == false)
        #expect(RunVerdict(run, nil).isCaught == false)
    }

    @Test func onlyFromOnePointTwoThresholdsOn() {
        #expect(RunVerdict(Sample.run(milliseconds: 23, expected: expected), nil).isCaught == nil)
        #expect(RunVerdict(Sample.run(milliseconds: 24, expected: expected), nil).isCaught == false)
    }

    @Test func aThreadThatCannotBeCapturedNeedNotBeCaught() {
        var masked = expected
        masked.isCapturable = false
        let verdict = RunVerdict(Sample.run(milliseconds: 40, expected: masked), Sample.report(milliseconds: 40))
        #expect(verdict.isCaught == nil)
        #expect(verdict.isFunctionRight == nil)
        #expect(verdict.latencyNs == nil)
        #expect(verdict.isCauseRight == true)
    }

    @Test(arguments: [
        (HostFigures(), 50_000 as UInt64, true),
        (HostFigures(watchdogRunDelayNs: 2_000_000), 50_000, false),
        (HostFigures(), 2_000_000, false),
        (HostFigures(stolenNs: 10_000_000), 50_000, false),
    ])
    func theWatchdogWasOnTime(host: HostFigures, latenessNs: UInt64, isOnTime: Bool) {
        let verdict = RunVerdict(
            Sample.run(milliseconds: 40, expected: expected, host: host),
            Sample.report(milliseconds: 40, latenessNs: latenessNs))
        #expect(verdict.isWatchdogOnTime == isOnTime)
    }

    // MARK: content

    @Test func aRightReport() {
        let verdict = RunVerdict(Sample.run(milliseconds: 40, expected: expected), Sample.report(milliseconds: 41))
        #expect(verdict.isCauseRight == true)
        #expect(verdict.isKindRight == true)
        #expect(verdict.isFunctionRight == true)
        #expect(verdict.durationErrorNs == 1_000_000)
    }

    @Test func theRightClassWithTheWrongCallIsWrong() {
        let run = Sample.run(milliseconds: 40, expected: expected)
        #expect(RunVerdict(run, Sample.report(milliseconds: 40, call: "read")).isCauseRight == false)
        #expect(RunVerdict(run, Sample.report(milliseconds: 40, call: nil)).isCauseRight == false)
        #expect(RunVerdict(run, Sample.report(milliseconds: 40, category: .starved)).isCauseRight == false)
    }

    @Test func theHostMustBeAccusedWhenItIsItsFault() {
        let run = Sample.run(milliseconds: 40, expected: Expectation(categories: ["starved"], isHostFault: true))
        let report = { Sample.report(milliseconds: 40, category: .starved, hostAtFault: $0) }
        #expect(RunVerdict(run, report(true)).isCauseRight == true)
        #expect(RunVerdict(run, report(false)).isCauseRight == false)
    }

    @Test func aDisturbedPlanterSaysNothingOfTheCause() {
        let verdict = RunVerdict(
            Sample.run(milliseconds: 40, expected: expected, delayShare: 0.3), Sample.report(milliseconds: 40))
        #expect(verdict.isDisturbed)
        #expect(verdict.isCauseRight == nil)
        #expect(verdict.isFunctionRight == true)
    }

    @Test func theFunctionMustBeAmongTheFirstThreeFramesThatAreNotTheRuntimes() {
        let run = Sample.run(milliseconds: 40, expected: expected)
        func isRight(_ functions: [String?], runtime: Int) -> Bool? {
            RunVerdict(run, Sample.report(milliseconds: 40, functions: functions, runtimeFrames: runtime))
                .isFunctionRight
        }
        #expect(isRight(["a", "b", "c", "d", "x", "y", "Planted.usleep(_:)"], runtime: 4) == true)
        #expect(isRight(["a", "x", "y", "z", "Planted.usleep(_:)"], runtime: 1) == false)
        #expect(isRight([nil, nil], runtime: 0) == false)
    }

    @Test func aStackTakenAfterTheFunctionReturnedNeedNotShowIt() {
        // 20.05 ms long, and the stack was there after 20.1 ms.
        let verdict = RunVerdict(
            Sample.run(milliseconds: 20.05, expected: expected),
            Sample.report(milliseconds: 20.2, functions: ["else"], runtimeFrames: 0))
        #expect(verdict.isFunctionRight == nil)
    }

    @Test func aStallThatWasOverTooSoonHasNoCause() {
        let verdict = RunVerdict(
            Sample.run(milliseconds: 21, expected: expected), Sample.report(milliseconds: 21, latencyNs: nil))
        #expect(verdict.isReported)
        #expect(verdict.isCauseRight == nil)
    }
}

import LoopguardCore
import Testing

@testable import loopguard_accuracy

@Suite struct JudgementTests {
    private func result(
        _ runs: [PlantedRun] = [], controls: [ControlRun] = [], _ reports: [ReportRecord]
    ) -> ChildResult {
        var result = ChildResult(scenario: "core")
        result.runs = runs
        result.controls = controls
        result.reports = reports
        return result
    }

    @Test func aReportOfWhatWasTooShortIsAFalseAlarm() {
        let judgement = Judgement([
            result([Sample.run(milliseconds: 10, lateTicks: 1)], [Sample.report(milliseconds: 20)])
        ])
        #expect(judgement.falseAlarms.count == 1)
        #expect(judgement.counted == Share(good: 0, of: 1))
        #expect(judgement.stalls == 0)
    }

    @Test func aReportOfNothingIsAFalseAlarmUnlessTheThreadHadNoCPU() {
        let report = Sample.report(at: Sample.began - Sample.ms(60), milliseconds: 25)
        func judged(delayNs: UInt64) -> Judgement {
            Judgement([
                result([Sample.run(milliseconds: 40, host: HostFigures(loopRunDelayNs: delayNs))], [report])
            ])
        }
        #expect(judged(delayNs: 0).falseAlarms.count == 1)
        #expect(judged(delayNs: Sample.ms(24)).falseAlarms.isEmpty)
        #expect(judged(delayNs: Sample.ms(24)).hostStalls == 1)
    }

    @Test func inAControlTheDelayAtThatTimeDecides() {
        let span = Span(beganNs: Sample.began, endedNs: Sample.began + Sample.ms(100))
        // No CPU for 15 ms, in the first half.
        let control = ControlRun(
            name: "bursts", span: span, thresholdNs: Sample.thresholdNs, unixOffsetNs: Sample.unixOffsetNs,
            lateTicks: 1,
            delays: [
                DelaySample(atNs: Sample.began, delayNs: 0),
                DelaySample(atNs: Sample.began + Sample.ms(40), delayNs: Sample.ms(15)),
                DelaySample(atNs: Sample.began + Sample.ms(100), delayNs: Sample.ms(15)),
            ])
        let early = Sample.report(at: Sample.began + Sample.ms(5), milliseconds: 25)
        let late = Sample.report(at: Sample.began + Sample.ms(60), milliseconds: 25)
        let judgement = Judgement([result(controls: [control], [early, late])])
        #expect(judgement.hostStalls == 1)
        #expect(judgement.falseAlarms.map(\.report) == [late.report.id])
        #expect(judgement.falseAlarms.first?.during == "bursts")
    }

    @Test func aLateWatchdogDoesNotCountButIsCounted() {
        let late = HostFigures(watchdogRunDelayNs: Sample.ms(30))
        let judgement = Judgement([
            result(
                [
                    Sample.run(id: 0, milliseconds: 40),
                    Sample.run(id: 1, at: Sample.began + Sample.ms(100), milliseconds: 40, host: late),
                ], [Sample.report(milliseconds: 40)])
        ])
        #expect(judgement.watchdogLate == 1)
        #expect(judgement.caught == Share(good: 1, of: 1))
        #expect(judgement.caughtOfAll == Share(good: 1, of: 2))
        #expect(judgement.reported == Share(good: 1, of: 2))
    }

    @Test func theConfusionTableHasWhatWasPlantedAndWhatWasSaid() {
        let expected = Expectation(categories: ["disk"])
        let judgement = Judgement([
            result(
                [Sample.run(milliseconds: 40, expected: expected)],
                [Sample.report(milliseconds: 40, category: .mixed)])
        ])
        #expect(judgement.confusion == ["disk": ["mixed": 1]])
        #expect(judgement.cause == Share(good: 0, of: 1))
        #expect(judgement.mistakes.count == 1)
    }

    @Test func whatCouldNotBePlantedIsLeftOut() {
        let judgement = Judgement([result([Sample.run(milliseconds: 40, error: 11)], [])])
        #expect(judgement.planted == 0)
        #expect(judgement.notPlanted == 1)
        #expect(judgement.counted.of == 0)
    }

    @Test func shortenedWaitsMissTheTarget() {
        let judgement = Judgement([
            result([Sample.run(milliseconds: 40, shortenedNs: 5)], [Sample.report(milliseconds: 40)])
        ])
        let targets = Target.all(judgement, storms: [], memory: nil, crashes: 0)
        #expect(targets.filter { !$0.isMet }.map(\.name) == ["waits shortened"])
    }

    @Test func aCrashMissesTheTarget() {
        let targets = Target.all(Judgement([]), storms: [], memory: nil, crashes: 1)
        #expect(targets.filter { !$0.isMet }.map(\.name) == ["crashes and hangs"])
    }

    @Test func memoryMayGrowWhileTheStoreFillsNotAfterwards() {
        func isMet(_ resident: [UInt64]) -> Bool {
            let points = resident.map {
                MemoryFigures.Point(stalls: 1, residentBytes: $0, storeBytes: 1, storedReports: 100, sites: 1)
            }
            return Target.all(Judgement([]), storms: [], memory: MemoryFigures(points: points), crashes: 0)
                .allSatisfy(\.isMet)
        }
        #expect(isMet([50, 100, 105]))
        #expect(!isMet([50, 100, 150]))
    }
}

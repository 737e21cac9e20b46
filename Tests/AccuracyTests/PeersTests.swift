import Testing

@testable import loopguard_accuracy

@Suite struct PeersTests {
    private func detection(at: UInt64, milliseconds: Double, noticed: Double) -> Detection {
        Detection(
            span: Span(beganNs: at, endedNs: at + Sample.ms(milliseconds)), noticedNs: at + Sample.ms(noticed))
    }

    @Test func noticedInTimeAndAfterwards() {
        let runs = [
            Sample.run(id: 0, milliseconds: 40),
            Sample.run(id: 1, at: Sample.began + Sample.ms(100), milliseconds: 40),
            Sample.run(id: 2, at: Sample.began + Sample.ms(200), milliseconds: 40),
        ]
        let figures = Peers.judge(
            "ping", runs,
            [
                detection(at: Sample.began, milliseconds: 42, noticed: 25),
                detection(at: Sample.began + Sample.ms(100), milliseconds: 40, noticed: 41),
            ])
        #expect(figures.stalls == 3)
        #expect(figures.noticed == Share(good: 2, of: 3))
        #expect(figures.noticedWhileItLasted == Share(good: 1, of: 3))
        #expect(figures.latency.p50Ns == Sample.ms(5))
        #expect(figures.falseAlarms == 0)
    }

    @Test func aDetectionOfWhatWasTooShortIsAFalseAlarm() {
        let figures = Peers.judge(
            "ping", [Sample.run(milliseconds: 10)], [detection(at: Sample.began, milliseconds: 10, noticed: 10)])
        #expect(figures.falseAlarms == 1)
        #expect(figures.stalls == 0)
    }
}

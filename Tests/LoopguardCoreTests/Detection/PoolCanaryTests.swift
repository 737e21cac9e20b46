import LoopguardCore
import Testing

/// Timelines of 10 ms a character: `-` a loop is active and the pool runs what it is given, `#` a loop is active and the pool is
/// stuck, `.` all loops are quiet, `x` quiet and stuck. The threshold is 50 ms.
@Suite struct PoolCanaryTests {
    private struct Run {
        var canary = PoolCanary(options: .defaults { $0.thresholdNs = 50_000_000 })
        var sent: [Int] = []
        var captures: [Int] = []
        var baselines: [Int] = []
        var ended: [UInt64] = []
        var missed: [UInt64] = []
        var looks = 0

        /// - Parameter every: the loops make the watchdog look after so many characters; it also looks when the canary asks for it.
        init(_ text: String, every: Int = 1, oversleeping: Range<Int> = 0..<0) {
            let timeline = Array(text)
            var answer: PoolCanary.Answer?
            var out: (number: UInt64, index: Int)?
            for (index, character) in timeline.enumerated() {
                let now = Marble.time(index)
                let isStuck = character == "#" || character == "x"
                let isActive = character == "-" || character == "#"
                if let canary = out, !isStuck {
                    answer = PoolCanary.Answer(number: canary.number, atNs: now)
                    out = nil
                }
                let isDue = canary.nextDeadline.map { $0 <= now } ?? false
                guard (isActive && index % every == 0) || isDue || !isStuck, !oversleeping.contains(index) else {
                    continue
                }
                looks += 1
                for action in canary.observe(now: now, isActive: isActive, answer: answer) {
                    switch action {
                    case .send(let number):
                        sent.append(index)
                        if isStuck {
                            out = (number, index)
                        } else {
                            answer = PoolCanary.Answer(number: number, atNs: now + 1)
                        }
                    case .step(.takeBaseline): baselines.append(index)
                    case .step(.capture): captures.append(index)
                    case .step(.ended(_, let duration, let exact)):
                        #expect(exact)
                        ended.append(duration / Marble.step)
                    case .step(.missed(let tick, _)): missed.append(tick.durationNs / Marble.step)
                    }
                }
            }
        }
    }

    @Test func `a pool that answers is asked twice a threshold, and nothing else happens`() {
        let run = Run(String(repeating: "-", count: 30))
        #expect(run.sent == [0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
        #expect(run.captures.isEmpty && run.baselines.isEmpty && run.ended.isEmpty)
    }

    @Test func `a quiet process is not asked, and asks for no look`() {
        let run = Run(String(repeating: ".", count: 100))
        #expect(run.sent.isEmpty)
        #expect(run.canary.nextDeadline == nil)
        let later = Run("----" + String(repeating: ".", count: 100))
        #expect(later.sent.allSatisfy { $0 < 4 })
        #expect(later.canary.nextDeadline == nil)
    }

    @Test func `a stuck pool is captured at doubling ages, and its end is exact`() {
        let run = Run("##########################-")
        #expect(run.sent.first == 0)
        #expect(run.baselines == [3])
        #expect(run.captures == [5, 10, 20])
        #expect(run.ended == [26])
    }

    @Test func `less than the threshold is no stall`() {
        let run = Run("####------")
        #expect(run.captures.isEmpty && run.ended.isEmpty && run.missed.isEmpty)
    }

    @Test func `a pool that got stuck while all was quiet is found once a loop turns`() {
        let run = Run("--" + String(repeating: "x", count: 50) + "##########-")
        #expect(run.captures.first == 52 + 5)
        #expect(run.ended == [10])
    }

    @Test func `what came and went while the watchdog slept is reported without a stack`() {
        let run = Run("########----", oversleeping: 1..<8)
        #expect(run.captures.isEmpty)
        #expect(run.missed == [8])
    }

    @Test func `what is stuck at the end is over for us`() {
        var run = Run("##########")
        #expect(!run.captures.isEmpty)
        let actions = run.canary.finish(now: Marble.time(10))
        #expect(actions == [.step(.ended(tick: Marble.time(0), durationNs: 10 * Marble.step, exact: false))])
        #expect(run.canary.finish(now: Marble.time(11)).isEmpty)
    }

    @Test func `an answer to an earlier canary is none to this one`() {
        var canary = PoolCanary(options: .defaults { $0.thresholdNs = 50_000_000 })
        let first = canary.observe(now: 1_000_000_000, isActive: true, answer: nil)
        #expect(first == [.send(number: 1)])
        let answer = PoolCanary.Answer(number: 1, atNs: 1_000_000_001)
        #expect(canary.observe(now: 1_025_000_000, isActive: true, answer: answer) == [.send(number: 2)])
        let late = canary.observe(now: 1_080_000_000, isActive: true, answer: answer)
        guard case .step(.capture(0, _)) = late.first else {
            Issue.record("no capture: \(late)")
            return
        }
    }
}

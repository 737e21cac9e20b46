/// A promise of the project, and what came out.
struct Target: Codable, Sendable {
    var name: String
    var wanted: String
    var measured: String
    var isMet: Bool
    /// Checked in a smoke run as well: does not depend on how busy the machine is.
    var isRobust: Bool
}

extension Target {
    /// All targets; those for which there are no figures are left out.
    static func all(_ j: Judgement, storms: [Storm], memory: MemoryFigures?, crashes: Int) -> [Target] {
        var targets = [
            Target("counted exactly", "100 %", j.counted, 1, isRobust: true),
            Target(
                name: "false alarms", wanted: "0", measured: "\(j.falseAlarms.count)", isMet: j.falseAlarms.isEmpty,
                isRobust: true),
            Target(
                name: "waits shortened", wanted: "0", measured: "\(j.shortened)", isMet: j.shortened == 0,
                isRobust: true),
            Target(
                name: "crashes and hangs", wanted: "0", measured: "\(crashes)", isMet: crashes == 0, isRobust: true),
            Target("caught while it lasts, from 1.2 thresholds", "≥ 99.7 %", j.caught, 0.997),
            Target("cause", "≥ 95 %", j.cause, 0.95),
            Target("planted function in the first three frames", "≥ 99 %", j.function, 0.99),
        ]
        if let p50 = j.latency.p50Ns, let p99 = j.latency.p99Ns {
            targets.append(Target("latency past the threshold, p50", "≤ 0.3 ms", p50, limitNs: 300_000))
            targets.append(Target("latency past the threshold, p99", "≤ 5 ms", p99, limitNs: 5_000_000))
        }
        if let points = memory?.points, points.count >= 3 {
            // The first half fills the store; the second must not make it grow.
            let half = points[points.count / 2]
            let end = points[points.count - 1]
            let growth = Double(end.residentBytes) / Double(max(1, half.residentBytes))
            targets.append(
                Target(
                    name: "memory after twice as many stalls", wanted: "≤ 1.1 ×",
                    measured:
                        "\(Text.ratio(growth)) ×, \(end.storedReports) reports, \(Text.bytes(end.storeBytes)) of JSON",
                    isMet: growth <= 1.1 && end.storedReports <= half.storedReports + 64, isRobust: false))
        }
        if !storms.isEmpty {
            let captures = storms.reduce(0) { $0 + $1.captures }
            targets.append(
                Target(
                    name: "captures under storms survived", wanted: "all", measured: "\(captures)",
                    isMet: storms.allSatisfy { $0.turns > 0 }, isRobust: true))
        }
        return targets
    }

    private init(_ name: String, _ wanted: String, _ share: Share, _ least: Double, isRobust: Bool = false) {
        self.init(
            name: name, wanted: wanted, measured: Text.share(share), isMet: share.reaches(least), isRobust: isRobust)
    }

    private init(_ name: String, _ wanted: String, _ ns: UInt64, limitNs: UInt64) {
        self.init(name: name, wanted: wanted, measured: Text.ms(ns), isMet: ns <= limitNs, isRobust: false)
    }
}

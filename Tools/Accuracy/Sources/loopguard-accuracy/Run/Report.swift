import Foundation

/// The suite's tables.
enum Report {
    static func text(_ outcome: Suite.Outcome, listsMistakes: Bool) -> String {
        var lines: [String] = []
        lines += summary(outcome)
        lines += kinds(outcome.judgement)
        lines += confusion(outcome.judgement)
        lines += rest(outcome)
        if listsMistakes { lines += mistakes(outcome.judgement) }
        lines += targets(outcome)
        return lines.joined(separator: "\n")
    }

    private static func summary(_ o: Suite.Outcome) -> [String] {
        let j = o.judgement
        return [
            "",
            "\(j.planted) planted in \(Text.number(Double(o.tookNs) / 1e9, places: 0)) s, threshold "
                + "\(o.suite.thresholdMs) ms, seed \(o.suite.seed); \(j.stalls) were stalls",
            "not counted towards catching and latency: \(j.watchdogLate) in which the watchdog waited more than 1 ms for a CPU",
            "not counted towards the cause: \(j.disturbed) in which the planter waited for a CPU more than 20 % of the time",
            "",
            "counted              \(Text.share(j.counted))",
            "reported             \(Text.share(j.reported))",
            "caught (≥ 1.2 ×)     \(Text.share(j.caught)); of all, late watchdog included, \(Text.share(j.caughtOfAll))",
            "false alarms         \(j.falseAlarms.count); stalls that the host made: \(j.hostStalls)",
            "latency              \(line(j.latency)); of all \(line(j.latencyOfAll))",
            "reporter told after  \(line(j.toldAfter))",
            "watchdog late by     \(line(j.watchdogLateness))",
            "duration error       \(line(j.durationError))",
            "capture cost         \(line(j.captureCost))",
            "cause                \(Text.share(j.cause))",
            "kind of stall        \(Text.share(j.kind))",
            "planted function     \(Text.share(j.function))",
            "thread noticed       \(j.interrupted) EINTR, \(j.shortened) waits shortened by \(Text.ms(j.shortenedNs))",
            "stacks               "
                + j.validity.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "),
        ]
    }

    private static func line(_ d: Distribution) -> String {
        "p50 \(Text.ms(d.p50Ns)), p95 \(Text.ms(d.p95Ns)), p99 \(Text.ms(d.p99Ns)), max \(Text.ms(d.maxNs))"
    }

    private static func kinds(_ j: Judgement) -> [String] {
        var lines = [
            "",
            Text.pad("", 24) + Text.pad("stalls", 8) + Text.pad("stack", 10) + Text.pad("cause", 10)
                + Text.pad("kind", 10) + Text.pad("function", 10) + Text.pad("latency p50", 13) + "p99",
        ]
        for (name, f) in j.byKind.sorted(by: { $0.key < $1.key }) {
            lines.append(
                Text.pad(name, 24) + Text.pad("\(f.stalls)", 8) + Text.pad(Text.percent(f.withStack.value), 10)
                    + Text.pad(Text.percent(f.cause.value), 10) + Text.pad(Text.percent(f.kind.value), 10)
                    + Text.pad(Text.percent(f.function.value), 10) + Text.pad(Text.ms(f.latency.p50Ns), 13)
                    + Text.ms(f.latency.p99Ns))
        }
        return lines
    }

    private static func confusion(_ j: Judgement) -> [String] {
        var lines = ["", "cause planted             reported as"]
        for (expected, reported) in j.confusion.sorted(by: { $0.key < $1.key }) {
            let cells = reported.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
            lines.append(Text.pad(expected, 26) + cells.joined(separator: ", "))
        }
        return lines
    }

    private static func rest(_ o: Suite.Outcome) -> [String] {
        var lines: [String] = [""]
        for result in o.results {
            for skip in result.skipped { lines.append("skipped: \(skip.name): \(skip.reason)") }
            for storm in result.storms {
                lines.append(
                    "storm \(storm.name): \(storm.captures) captures, \(storm.verified) verified, \(storm.partial) partial, "
                        + "\(storm.stale) stale, \(storm.notCaptured) not captured, cost p50 \(Text.ms(storm.costP50Ns)), "
                        + "p99 \(Text.ms(storm.costP99Ns)); the thread made \(storm.turns) turns")
            }
            for point in result.memory?.points ?? [] {
                lines.append(
                    "after \(point.stalls) stalls: resident \(Text.bytes(Int(point.residentBytes))), store "
                        + "\(Text.bytes(point.storeBytes)) as JSON, \(point.storedReports) reports, \(point.sites) places"
                )
            }
            if let w = result.watchdog {
                let share = Double(w.cpuNs) / Double(max(1, w.wallNs))
                lines.append(
                    "watchdog in \(result.scenario): \(Text.percent(share)) of a core, \(w.wakeups) wake-ups and "
                        + "\(w.captures) captures in \(Text.number(Double(w.wallNs) / 1e9, places: 1)) s, \(w.reportsDropped) "
                        + "observations dropped")
            }
        }
        for control in o.results.flatMap(\.controls) {
            lines.append(
                "control \(control.name): \(Text.number(Double(control.span.lengthNs) / 1e9, places: 1)) s, "
                    + "\(control.lateTicks) late ticks"
                    + (control.wakeups.map { ", \($0) wake-ups of the watchdog" } ?? ""))
        }
        for alarm in o.judgement.falseAlarms {
            lines.append(
                "FALSE ALARM in \(alarm.scenario), \(alarm.during): \(alarm.kind), \(Text.ms(alarm.durationNs)), \(alarm.cause)"
            )
        }
        lines += Peers.lines(o)
        for failure in o.failures { lines.append("FAILED: \(failure)") }
        return lines
    }

    private static func mistakes(_ j: Judgement) -> [String] {
        ["", "what came out wrong:"]
            + j.mistakes.map { v in
                var wrong: [String] = []
                if v.isCountedRight == false { wrong.append("count") }
                if v.isCaught == false { wrong.append("not caught") }
                if v.isCauseRight == false {
                    wrong.append("cause \(v.category ?? "none") \(v.systemCall ?? "")(wanted \(v.expectedCategory))")
                }
                if v.isKindRight == false { wrong.append("kind \(v.reportedKind ?? "none")") }
                if v.isFunctionRight == false {
                    let frames = (v.framesSeen ?? []).joined(separator: " < ")
                    wrong.append("function, stack \(v.validity ?? "none"): \(frames)")
                }
                return "  \(v.kind), \(v.place), ×\(Text.number(v.factor, places: 1)), \(Text.ms(v.durationNs)): "
                    + wrong.joined(separator: "; ")
            }
    }

    private static func targets(_ o: Suite.Outcome) -> [String] {
        ["", Text.pad("target", 46) + Text.pad("wanted", 12) + "measured"]
            + o.targets.map { t in
                let verdict =
                    t.isMet ? "" : (o.suite.isSmoke && !t.isRobust ? "  (not held to in a smoke run)" : "  MISSED")
                return Text.pad(t.name, 46) + Text.pad(t.wanted, 12) + t.measured + verdict
            }
    }

    // MARK: JSON

    private struct Document: Encodable {
        var version = 1
        var thresholdNs: UInt64
        var rounds: Int
        var seed: UInt64
        var smoke: Bool
        var tookNs: UInt64
        var passed: Bool
        var targets: [Target]
        var judgement: Judgement
        var peers: [Peers.Figures]
        var storms: [Storm]
        var memory: MemoryFigures?
        var watchdog: [String: WatchdogFigures]
        var controls: [ControlFigures]
        var skipped: [Skip]
        var failures: [String]
        var degradations: [String]
    }

    private struct ControlFigures: Encodable {
        var name: String
        var lengthNs: UInt64
        var lateTicks: UInt64
        var wakeups: UInt64?

        init(_ control: ControlRun) {
            name = control.name
            lengthNs = control.span.lengthNs
            lateTicks = control.lateTicks
            wakeups = control.wakeups
        }
    }

    static func json(_ o: Suite.Outcome) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var watchdog: [String: WatchdogFigures] = [:]
        for result in o.results { watchdog[result.scenario] = result.watchdog }
        return try encoder.encode(
            Document(
                thresholdNs: UInt64(o.suite.thresholdMs) * 1_000_000, rounds: o.suite.rounds, seed: o.suite.seed,
                smoke: o.suite.isSmoke, tookNs: o.tookNs, passed: o.isPassed, targets: o.targets,
                judgement: o.judgement, peers: Peers.figures(o.results), storms: o.results.flatMap(\.storms),
                memory: o.results.compactMap(\.memory).first, watchdog: watchdog,
                controls: o.results.flatMap(\.controls).map(ControlFigures.init), skipped: o.results.flatMap(\.skipped),
                failures: o.failures,
                degradations: o.results.first?.degradations ?? []))
    }
}

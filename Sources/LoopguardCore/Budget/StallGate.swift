/// Judges a run by a budget and a baseline. Pure; the rules are written down in `Documentation/Budget.md`.
public struct StallGate: Sendable, Equatable {
    /// What the run may cost; nil = anything.
    public var budget: StallBudget?
    /// What is accepted; nil = places are not compared.
    public var baseline: StallBaseline?

    /// A gate of its parts.
    public init(budget: StallBudget? = nil, baseline: StallBaseline? = nil) {
        self.budget = budget
        self.baseline = baseline
    }

    /// The verdict on a run.
    ///
    /// - Parameter nowUnixNs: wall clock, for the dates of the baseline. Nanoseconds since 1970.
    public func judge(_ figures: RunFigures, nowUnixNs: Int64) -> GateVerdict {
        var verdict = GateVerdict(ticks: figures.ticks, lateTicks: figures.lateTicks)
        verdict.withoutDetails = figures.lateWithoutDetails
        verdict.cutShort = figures.cutShort
        var counted: [StallTally.Place] = []
        var uncountedTicks: UInt64 = 0
        for place in figures.tally.places {
            let standing = standing(of: place, nowUnixNs: nowUnixNs)
            if standing.counts {
                counted.append(place)
            } else if place.isTick {
                uncountedTicks = uncountedTicks.saturatingAdd(place.count)
            }
            verdict.places.append(GateVerdict.PlaceVerdict(place, standing))
        }
        verdict.unused = (baseline?.accepted ?? []).filter { entry in
            !figures.tally.places.contains { $0.fingerprint == entry.fingerprint }
        }
        let measure = Measure(
            counted: counted, ticks: figures.ticks.saturatingSubtract(uncountedTicks),
            lost: figures.lateWithoutDetails, maxNs: figures.maxNs,
            knownMaxNs: figures.tally.places.reduce(0) { $1.isTick ? max($0, $1.maxNs) : $0 },
            boundsNs: figures.tally.boundsNs)
        verdict.rules = (budget?.rules ?? []).map { measure.judge($0) }
        return verdict
    }

    private func standing(of place: StallTally.Place, nowUnixNs: Int64) -> GateVerdict.Standing {
        if place.isHostAtFault { return .hostAtFault }
        guard let baseline else { return .notCompared }
        guard let entry = baseline.accepted.first(where: { $0.fingerprint == place.fingerprint }) else {
            return place.hasStack || place.fingerprint.isEmpty ? .new : .notCompared
        }
        return entry.isExpired(nowUnixNs: nowUnixNs) ? .expired : .accepted
    }
}

/// What rules are compared with: the places that count.
private struct Measure {
    var counted: [StallTally.Place]
    var ticks: UInt64
    /// Late ticks without details: over every limit, since nothing else is known of them.
    var lost: UInt64
    var maxNs: UInt64
    var knownMaxNs: UInt64
    var boundsNs: [UInt64]

    func judge(_ rule: StallBudget.Rule) -> GateVerdict.RuleVerdict {
        let places = counted.filter { rule.route == nil || $0.route == rule.route }
        // Stalls of pools and of the control loop are stalls, but no ticks of guarded loops.
        let late = places.filter(\.isTick)
        let lost = rule.route == nil ? lost : 0
        switch rule.metric {
        case .quantile(let numerator, let denominator):
            return quantile(rule, numerator, denominator, late, lost)
        case .max:
            var longest: UInt64 = late.reduce(0) { max($0, $1.maxNs) }
            // The loops' own maximum belongs to a tick without details if no known one is as long.
            if lost > 0, maxNs > knownMaxNs { longest = max(longest, maxNs) }
            return verdict(rule, value: longest, observed: longest == 0 ? "none late" : HumanText.duration(ns: longest))
        case .count:
            let count = places.reduce(lost) { $0.saturatingAdd($1.count) }
            return verdict(rule, value: count, observed: HumanText.count(count))
        case .total:
            let total: UInt64 = places.reduce(0) { $0.saturatingAdd($1.totalNs) }
            return verdict(rule, value: total, observed: HumanText.duration(ns: total))
        case .connectionSeconds:
            let sum: Double = places.reduce(0) { $0 + $1.connectionSeconds }
            let value = sum < 9e9 ? UInt64((sum * 1e9).rounded()) : .max
            return verdict(rule, value: value, observed: HumanText.connectionSeconds(sum))
        }
    }

    private func verdict(
        _ rule: StallBudget.Rule, value: UInt64, observed: String
    ) -> GateVerdict.RuleVerdict {
        GateVerdict.RuleVerdict(
            rule: rule.text, isKept: value < rule.firstBroken, observed: observed, atLeast: value, below: nil)
    }

    /// The quantile by nearest rank: the smallest length that at least the asked-for share of all ticks does not exceed. It
    /// is below a limit exactly when no more ticks reach the limit than the rest allows.
    private func quantile(
        _ rule: StallBudget.Rule, _ numerator: UInt64, _ denominator: UInt64, _ late: [StallTally.Place],
        _ lost: UInt64
    ) -> GateVerdict.RuleVerdict {
        let rest = denominator - numerator
        let allowed = ticks / denominator * rest + ticks % denominator * rest / denominator
        let index = boundsNs.firstIndex(of: rule.firstBroken)
        let over = late.reduce(lost) { sum, place in
            // A tally that did not count this limit knows the places' maxima at least.
            let count =
                index.flatMap { place.atLeast.indices.contains($0) ? place.atLeast[$0] : nil }
                ?? (place.maxNs >= rule.firstBroken ? place.count : 0)
            return sum.saturatingAdd(count)
        }
        let (atLeast, below) = interval(allowed: allowed, late, lost)
        let observed =
            if below == nil {
                "unknown, details lost"
            } else if atLeast == 0 {
                "not late"
            } else {
                "\(HumanText.duration(ns: atLeast)) to \(HumanText.duration(ns: below ?? atLeast))"
            }
        return GateVerdict.RuleVerdict(
            rule: rule.text, isKept: over <= allowed, observed: observed, atLeast: atLeast, below: below,
            over: over, allowed: allowed)
    }

    /// Where the quantile lies: the tick that only `allowed` others exceed.
    private func interval(
        allowed: UInt64, _ late: [StallTally.Place], _ lost: UInt64
    ) -> (atLeast: UInt64, below: UInt64?) {
        var buckets: [Int: UInt64] = [:]
        for place in late { buckets.merge(place.buckets) { $0.saturatingAdd($1) } }
        let longest: UInt64 = late.reduce(0) { max($0, $1.maxNs) }
        var longer = lost
        if longer > allowed { return (0, nil) }
        for (bucket, count) in buckets.sorted(by: { $0.key > $1.key }) {
            longer = longer.saturatingAdd(count)
            guard longer > allowed else { continue }
            let lower = StallTally.lowerBoundNs(ofBucket: bucket)
            return (lower, max(lower, min(longest, StallTally.lowerBoundNs(ofBucket: bucket + 1))))
        }
        return (0, 0)
    }
}

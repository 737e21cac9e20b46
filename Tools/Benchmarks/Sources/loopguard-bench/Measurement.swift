import Glibc

/// A figure and what it is compared with, both from one run.
struct Measurement {
    var name: String
    var unit: String
    var value: Double
    var baseline: Double
    var baselineName: String
    /// Half of the rounds lie within this share of the median, on each side at most; nil when there was one round.
    var spread: Double?
    /// Value minus baseline, when it is known better than from these two: the median of the rounds' own differences.
    var difference: Double?
    var limit: Limit?

    /// What the project promises of the figure.
    enum Limit {
        /// Value minus baseline.
        case difference(Double)
        /// Value over baseline.
        case ratio(Double)
        case value(Double)
    }

    var ratio: Double { baseline > 0 ? value / baseline : .nan }

    /// Nil when nothing is promised.
    var isKept: Bool? {
        switch limit {
        case .none: nil
        case .difference(let most): (difference ?? value - baseline) <= most
        case .ratio(let most): ratio <= most
        case .value(let most): value <= most
        }
    }

    /// - Parameter judges: says whether the promise is kept; a smoke run is too short for that.
    func line(judges: Bool) -> String {
        pad(name, 50) + pad("\(number(value)) \(unit)", 14)
            + pad(baselineName.isEmpty ? "" : "\(number(baseline)) \(unit)", 14)
            + pad(baselineName.isEmpty ? "" : "×\(fixed(ratio, 3))", 9)
            + pad(spread.map { "±\(fixed($0 * 100, 1)) %" } ?? "", 9) + pad(judges ? promise : "", 26) + baselineName
    }

    private var promise: String {
        let verdict = isKept == true ? "kept" : "MISSED"
        return switch limit {
        case .none: ""
        case .difference(let most):
            "\(fixed(difference ?? value - baseline, 1)) of ≤ \(number(most)) \(unit): \(verdict)"
        case .ratio(let most): "≤ ×\(fixed(most, 2)): \(verdict)"
        case .value(let most): "≤ \(number(most)) \(unit): \(verdict)"
        }
    }

    static var header: String {
        pad("", 50) + pad("measured", 14) + pad("baseline", 14) + pad("ratio", 9) + pad("spread", 9)
            + pad("promise", 26) + "baseline is"
    }
}

private func number(_ x: Double) -> String { abs(x) >= 100 ? fixed(x, 0) : fixed(x, 2) }

private func fixed(_ x: Double, _ places: Int) -> String {
    guard x.isFinite else { return "–" }
    let scale = pow(10, Double(places))
    let rounded = Int((abs(x) * scale).rounded())
    let sign = x < 0 && rounded > 0 ? "-" : ""
    guard places > 0 else { return sign + "\(rounded)" }
    let digits = String(repeating: "0", count: max(0, places + 1 - "\(rounded)".count)) + "\(rounded)"
    return sign + digits.dropLast(places) + "." + digits.suffix(places)
}

private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}

enum Clock {
    static func nowNs() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// What the calling thread has used: other programs and a busy host do not count, as they would in the time of day.
    static func threadCPUNs() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The rounds of one variant.
struct Rounds {
    /// In the order in which they were measured.
    let samples: [Double]
    private let sorted: [Double]

    init(_ samples: [Double]) {
        self.samples = samples
        sorted = samples.sorted()
    }

    /// This variant minus the other one, round by round.
    func minus(_ other: Rounds) -> Rounds { Rounds(zip(samples, other.samples).map { $0 - $1 }) }

    var median: Double { sorted.isEmpty ? .nan : sorted[sorted.count / 2] }

    /// The larger distance of the quartiles from the median, as a share of it.
    var spread: Double? {
        guard sorted.count > 1, median > 0 else { return nil }
        let low = sorted[sorted.count / 4]
        let high = sorted[min(sorted.count - 1, sorted.count * 3 / 4)]
        return max(median - low, high - median) / median
    }
}

/// Runs the variants alternately, so that a change of the machine's speed hits all of them. Every other round in reverse
/// order: what heats or fills something must not always hit the same one.
func interleavedRounds(rounds: Int, _ variants: [() throws -> Double]) throws -> [Rounds] {
    var samples = variants.map { _ in [Double]() }
    for round in 0..<rounds {
        for index in round % 2 == 0 ? Array(variants.indices) : variants.indices.reversed() {
            samples[index].append(try variants[index]())
        }
    }
    return samples.map(Rounds.init)
}

func interleavedRoundsAsync(rounds: Int, _ variants: [() async throws -> Double]) async throws -> [Rounds] {
    var samples = variants.map { _ in [Double]() }
    for round in 0..<rounds {
        for index in round % 2 == 0 ? Array(variants.indices) : variants.indices.reversed() {
            samples[index].append(try await variants[index]())
        }
    }
    return samples.map(Rounds.init)
}

/// The medians alone.
func interleaved(rounds: Int, _ variants: [() throws -> Double]) throws -> [Double] {
    try interleavedRounds(rounds: rounds, variants).map(\.median)
}

import Glibc

/// A figure and what it is compared with, both from one run.
struct Measurement {
    var name: String
    var unit: String
    var value: Double
    var baseline: Double
    var baselineName: String

    var ratio: Double { baseline > 0 ? value / baseline : .nan }

    var line: String {
        func number(_ x: Double) -> String { x >= 100 ? "\(Int(x.rounded()))" : "\((x * 100).rounded() / 100)" }
        return pad(name, 44) + pad("\(number(value)) \(unit)", 16) + pad("\(number(baseline)) \(unit)", 16)
            + pad("×\((ratio * 100).rounded() / 100)", 8) + baselineName
    }

    static var header: String {
        pad("", 44) + pad("measured", 16) + pad("baseline", 16) + pad("ratio", 8) + "baseline is"
    }
}

private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}

enum Clock {
    static func nowNs() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Runs the variants alternately, so that a change of the machine's speed hits all of them, and returns the median of each.
func interleaved(rounds: Int, _ variants: [() throws -> Double]) throws -> [Double] {
    var samples = variants.map { _ in [Double]() }
    for _ in 0..<rounds { for index in variants.indices { samples[index].append(try variants[index]()) } }
    return samples.map { $0.sorted()[$0.count / 2] }
}

func interleavedAsync(rounds: Int, _ variants: [() async throws -> Double]) async throws -> [Double] {
    var samples = variants.map { _ in [Double]() }
    for _ in 0..<rounds { for index in variants.indices { samples[index].append(try await variants[index]()) } }
    return samples.map { $0.sorted()[$0.count / 2] }
}

/// Order statistics of nanosecond figures. Nearest rank: every value is one that was measured.
struct Distribution: Codable, Equatable, Sendable {
    var count: Int
    var p50Ns: UInt64?
    var p95Ns: UInt64?
    var p99Ns: UInt64?
    var maxNs: UInt64?

    init(_ values: [UInt64]) {
        let sorted = values.sorted()
        count = sorted.count
        p50Ns = Self.rank(sorted, 0.5)
        p95Ns = Self.rank(sorted, 0.95)
        p99Ns = Self.rank(sorted, 0.99)
        maxNs = sorted.last
    }

    /// The smallest value that at least `share` of all are no larger than.
    static func rank(_ sorted: [UInt64], _ share: Double) -> UInt64? {
        guard !sorted.isEmpty else { return nil }
        let index = (share * Double(sorted.count)).rounded(.up)
        return sorted[min(sorted.count - 1, max(0, Int(index) - 1))]
    }
}

/// Some of all.
struct Share: Codable, Equatable, Sendable {
    var of: Int
    var good: Int

    init(good: Int = 0, of: Int = 0) {
        self.good = good
        self.of = of
    }

    mutating func add(_ isGood: Bool) {
        of += 1
        if isGood { good += 1 }
    }

    /// Nil when there was nothing to judge.
    var value: Double? { of == 0 ? nil : Double(good) / Double(of) }
    func reaches(_ target: Double) -> Bool { of == 0 || Double(good) >= target * Double(of) }
}

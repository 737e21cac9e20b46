/// CPU times of the machine since its start: the first line of `/proc/stat` (proc(5)), in clock ticks.
struct ProcStat: Sendable, Equatable {
    var busy: UInt64
    var total: UInt64

    init(busy: UInt64, total: UInt64) {
        self.busy = busy
        self.total = total
    }

    /// Nil when the text does not begin with a usable `cpu` line.
    init?(parsing text: String) {
        guard let line = text.split(separator: "\n", maxSplits: 1).first else { return nil }
        let fields = line.split(separator: " ")
        guard fields.first == "cpu" else { return nil }
        // user nice system idle iowait irq softirq steal guest guest_nice; guest times are contained in user and nice.
        let numbers = fields.dropFirst().prefix(8).map { UInt64($0) }
        guard numbers.count >= 4 else { return nil }
        var total: UInt64 = 0
        var idle: UInt64 = 0
        for (index, number) in numbers.enumerated() {
            guard let number else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(number)
            guard !overflow else { return nil }
            total = sum
            if index == 3 || index == 4 { idle += number }
        }
        self.init(busy: total - idle, total: total)
    }

    /// Use between two readings, 0 to 100 per cent with one decimal; nil when no time has passed or a counter went back
    /// (it does: idle and iowait are not monotonic).
    func percent(since earlier: ProcStat) -> Double? {
        guard total > earlier.total, busy >= earlier.busy else { return nil }
        let share = Double(busy - earlier.busy) / Double(total - earlier.total)
        return (min(1, share) * 1000).rounded() / 10
    }
}

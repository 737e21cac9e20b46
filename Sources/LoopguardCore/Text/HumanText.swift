/// Figures as people read them. Pure, locale-free, never traps.
enum HumanText {
    /// `812 ms`, `1.24 s`, `3 min 20 s`, `2 h 5 min`, `4 d 2 h`.
    static func duration(ns: UInt64) -> String {
        if ns < 1_000 { return "\(ns) ns" }
        if ns < 1_000_000 { return fixed(Double(ns) / 1e3, digits: ns < 10_000 ? 1 : 0) + " µs" }
        if ns < 1_000_000_000 {
            // 999.6 ms must not read `1000 ms`.
            if ns >= 999_500_000 { return "1.00 s" }
            return fixed(Double(ns) / 1e6, digits: ns < 10_000_000 ? 1 : 0) + " ms"
        }
        let seconds = ns / 1_000_000_000
        if seconds < 60 { return fixed(Double(ns) / 1e9, digits: seconds < 10 ? 2 : 1) + " s" }
        if seconds < 3_600 { return pair(seconds / 60, "min", seconds % 60, "s") }
        if seconds < 86_400 { return pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min") }
        return pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h")
    }

    private static func pair(_ a: UInt64, _ unitA: String, _ b: UInt64, _ unitB: String) -> String {
        b == 0 ? "\(a) \(unitA)" : "\(a) \(unitA) \(b) \(unitB)"
    }

    /// `just now`, `12 s ago`, `3 min ago`.
    static func ago(unixNs: Int64, now: Int64) -> String {
        let (difference, overflow) = now.subtractingReportingOverflow(unixNs)
        guard !overflow, difference >= 1_000_000_000 else { return "just now" }
        let seconds = difference / 1_000_000_000
        if seconds < 60 { return "\(seconds) s ago" }
        if seconds < 3_600 { return "\(seconds / 60) min ago" }
        if seconds < 86_400 { return "\(seconds / 3_600) h ago" }
        return "\(seconds / 86_400) d ago"
    }

    /// `0.43` as `43 %`.
    static func percent(_ share: Double) -> String { fixed(share * 100, digits: 0) + " %" }

    /// `4120` as `4,120`.
    static func count<N: BinaryInteger>(_ number: N) -> String {
        let digits = String(number.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.utf8.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return number < 0 ? "-" + grouped : grouped
    }

    /// `812 B`, `12.3 kB`, `4.0 MB`: powers of 1,000.
    static func bytes(_ count: Int) -> String {
        if count < 1_000 { return "\(max(0, count)) B" }
        var value = Double(count) / 1_000
        for unit in ["kB", "MB", "GB"] {
            // 999.96 kB must not read `1000.0 kB`.
            if value < 999.95 { return fixed(value, digits: value < 100 ? 1 : 0) + " " + unit }
            value /= 1_000
        }
        return fixed(value, digits: 1) + " TB"
    }

    /// One noun with its number: `1 connection`, `4,120 connections`.
    static func count<N: BinaryInteger>(_ number: N, _ noun: String) -> String {
        "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Connection-seconds: two significant places below 10, none above 100.
    static func connectionSeconds(_ value: Double) -> String {
        if value >= 100 { return count(clampedInteger(value)) }
        return fixed(value, digits: value < 10 ? 2 : 1)
    }

    /// Decimal notation with a fixed number of places. Values that are not finite read `–`.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "–" }
        var scale = 1.0
        for _ in 0..<max(0, digits) { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e18 else { return "\(value)" }
        let whole = UInt64(scaled)
        let unit = UInt64(scale)
        var text = String(whole / unit)
        if digits > 0 {
            let rest = String(whole % unit)
            text += "." + String(repeating: "0", count: max(0, digits - rest.utf8.count)) + rest
        }
        return value < 0 && whole > 0 ? "-" + text : text
    }

    static func clampedInteger(_ value: Double) -> Int64 {
        guard !value.isNaN else { return 0 }
        if value >= 9.2e18 { return .max }
        if value <= -9.2e18 { return .min }
        return Int64(value.rounded())
    }
}

/// Dates for people, without Foundation: `2026-11-24 12:31:54 UTC`.
enum UTCTime {
    /// - Parameter unixNs: nanoseconds since 1970, any value.
    static func text(_ unixNs: Int64) -> String {
        let (days, rest) = floorDivide(floorDivide(unixNs, 1_000_000_000).quotient, 86_400)
        let (year, month, day) = civil(daysSince1970: days)
        return "\(year)-\(two(month))-\(two(day)) \(clock(rest)) UTC"
    }

    /// `12:31:54`.
    static func timeOfDay(_ unixNs: Int64) -> String {
        clock(floorDivide(floorDivide(unixNs, 1_000_000_000).quotient, 86_400).remainder)
    }

    private static func clock(_ seconds: Int64) -> String {
        "\(two(seconds / 3_600)):\(two(seconds % 3_600 / 60)):\(two(seconds % 60))"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
        let (q, r) = a.quotientAndRemainder(dividingBy: b)
        return r < 0 ? (q - 1, r + b) : (q, r)
    }

    /// The proleptic Gregorian date; years are counted from March, so that the leap day is the last of its year.
    private static func civil(daysSince1970 days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

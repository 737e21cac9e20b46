import Foundation

/// Wall-clock times as text.
enum Timestamp {
    /// UTC with milliseconds, such as `2026-11-24T12:00:00.123Z`. Any thread; `gmtime_r` instead of a formatter, because
    /// every log line needs it.
    static func rfc3339(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
        var seconds = time_t(milliseconds.floored(by: 1000))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = milliseconds - Int64(seconds) * 1000
        let padded = String(repeating: "0", count: 3 - "\(fraction)".count) + "\(fraction)"
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(padded)Z"
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self - divisor + 1) / divisor
    }
}

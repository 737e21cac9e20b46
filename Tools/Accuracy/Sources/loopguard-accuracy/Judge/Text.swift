/// Figures as people read them.
enum Text {
    static func number(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, abs(scaled) < 1e15 else { return "–" }
        let whole = Int(scaled)
        let sign = whole < 0 ? "-" : ""
        let digits = String(abs(whole))
        guard places > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    static func ms(_ ns: UInt64?) -> String {
        guard let ns else { return "–" }
        let ms = Double(ns) / 1e6
        return number(ms, places: ms < 10 ? 2 : 1) + " ms"
    }

    static func percent(_ value: Double?) -> String {
        guard let value else { return "–" }
        return number(value * 100, places: value == 1 || value == 0 ? 0 : 2) + " %"
    }

    static func share(_ share: Share) -> String { "\(percent(share.value)) (\(share.good) of \(share.of))" }

    static func ratio(_ value: Double) -> String { number(value, places: 2) }

    static func bytes(_ count: Int) -> String {
        count >= 1 << 20
            ? number(Double(count) / 1_048_576, places: 1) + " MiB" : number(Double(count) / 1024, places: 0) + " KiB"
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

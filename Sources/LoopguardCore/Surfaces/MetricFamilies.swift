/// Metric families in order of appearance, rendered with HELP and TYPE once for each.
struct MetricFamilies {
    private struct Family {
        var help: String
        var type: String
        var lines: [String] = []
        var series: Set<String> = []
    }

    private var order: [String] = []
    private var families: [String: Family] = [:]

    var text: String {
        var out = ""
        for name in order {
            guard let family = families[name] else { continue }
            out += "# HELP \(name) \(Self.escapeHelp(family.help))\n# TYPE \(name) \(family.type)\n"
            for line in family.lines { out += line + "\n" }
        }
        return out
    }

    mutating func gauge(_ name: String, _ help: String, _ labels: [(String, String)], _ value: Double) {
        add(name, help, type: "gauge", labels, value)
    }

    mutating func counter(_ name: String, _ help: String, _ labels: [(String, String)], _ value: Double) {
        add(name, help, type: "counter", labels, value)
    }

    /// A sample from elsewhere. Its labels may not contradict ours: they then get the prefix `exported_`.
    mutating func add(_ sample: MetricSample, _ own: [(String, String)]) {
        var labels = own
        for (key, value) in sample.labels.sorted(by: { $0.key < $1.key }) {
            var key = Self.name(key, isLabel: true)
            while labels.contains(where: { $0.0 == key }) { key = "exported_" + key }
            labels.append((key, value))
        }
        let type = sample.kind == .counter ? "counter" : "gauge"
        add(Self.name(sample.name, isLabel: false), sample.help, type: type, labels, sample.value)
    }

    mutating func histogram(
        _ name: String, _ help: String, _ labels: [(String, String)], buckets: [(le: String, count: UInt64)],
        sum: Double, count: UInt64
    ) {
        guard touch(name, help, type: "histogram") else { return }
        for bucket in buckets { append(name, "_bucket", labels + [("le", bucket.le)], "\(bucket.count)") }
        append(name, "_sum", labels, Self.number(sum))
        append(name, "_count", labels, "\(count)")
    }

    private mutating func add(
        _ name: String, _ help: String, type: String, _ labels: [(String, String)], _ value: Double
    ) {
        guard touch(name, help, type: type) else { return }
        append(name, "", labels, Self.number(value))
    }

    /// Opens the family. False when there is one of that name with another type: a scraper would refuse the page.
    private mutating func touch(_ name: String, _ help: String, type: String) -> Bool {
        if let known = families[name] { return known.type == type }
        order.append(name)
        families[name] = Family(help: help, type: type)
        return true
    }

    /// A series that is there already is left as it is: a scraper refuses a page with two of them.
    private mutating func append(_ name: String, _ suffix: String, _ labels: [(String, String)], _ value: String) {
        let pairs = labels.map { "\($0.0)=\"\(Self.escapeLabel($0.1))\"" }.joined(separator: ",")
        let series = "\(name)\(suffix){\(pairs)}"
        guard families[name]?.series.insert(series).inserted == true else { return }
        families[name]?.lines.append("\(series) \(value)")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 9e15 { return "\(Int64(value))" }
        return "\(value)"
    }

    private static func escapeLabel(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func escapeHelp(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Makes a legal name of any text: `[a-zA-Z_:][a-zA-Z0-9_:]*`, labels without `:`.
    private static func name(_ value: String, isLabel: Bool) -> String {
        var out = ""
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ":") where !isLabel: out += ":"
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if out.isEmpty { out = "_" }
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "_"
            }
        }
        return out.isEmpty ? "_" : out
    }
}

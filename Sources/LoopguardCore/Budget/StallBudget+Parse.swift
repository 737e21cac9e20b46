extension StallBudget {
    /// Rules that one budget may have.
    public static let maximumRules = 32

    private static let allowed =
        "rules such as p99<20ms, max<=200ms, count<5, total<1s, connection-seconds<30 or /ws/echo:max<50ms, "
        + "separated by commas"

    /// Parses a budget.
    ///
    /// - Parameter text: comma-separated rules `[ROUTE:]METRIC<LIMIT` or `…<=LIMIT`. METRIC is `p50`, `p90`, `p95`, `p99`,
    ///   `p999` (any two to four digits: `p9999` is 99.99 %), `max`, `total` with a limit in `ns`, `us`, `ms` or `s`, or
    ///   `count` or `connection-seconds` with a plain number. Blanks do not matter.
    /// - Throws: ``StallBudgetError`` that names the rule and what is allowed.
    public init(_ text: String) throws(StallBudgetError) {
        rules = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let rule = part.filter { !$0.isWhitespace }
            guard !rule.isEmpty else {
                throw StallBudgetError(
                    "the budget \"\(Self.shown(text))\" has an empty rule. Allowed: \(Self.allowed).")
            }
            rules.append(try Rule(parsing: String(rule), allowed: Self.allowed))
            guard rules.count <= Self.maximumRules else {
                throw StallBudgetError("the budget has more than \(Self.maximumRules) rules.")
            }
        }
    }

    fileprivate static func shown(_ text: String) -> String {
        text.count > 100 ? TextPage.printable("\(text.prefix(100))…") : TextPage.printable(text)
    }
}

extension StallBudget.Rule {
    fileprivate init(parsing text: String, allowed: String) throws(StallBudgetError) {
        let shown = StallBudget.shown(text)
        self.text = text
        // The last `<`: a route pattern may have others, a limit has none.
        guard let sign = text.lastIndex(of: "<") else {
            throw StallBudgetError("\"\(shown)\" has no < or <=. Allowed: \(allowed).")
        }
        var value = text[text.index(after: sign)...]
        isInclusive = value.hasPrefix("=")
        if isInclusive { value = value.dropFirst() }
        var name = text[..<sign]
        if name.hasPrefix("/") {
            guard let colon = name.lastIndex(of: ":") else {
                throw StallBudgetError("\"\(shown)\" has a route without a metric: write ROUTE:max<50ms.")
            }
            route = String(name[..<colon])
            name = name[name.index(after: colon)...]
        }
        guard let metric = Metric(name) else {
            throw StallBudgetError(
                "\"\(shown)\": there is no metric \"\(name)\". Allowed: p50, p90, p95, p99, p999, max, count, total, "
                    + "connection-seconds.")
        }
        self.metric = metric
        if route != nil, case .quantile = metric {
            throw StallBudgetError(
                "\"\(shown)\": ticks are not counted by route, so there is no quantile of one. Use max, count or total."
            )
        }
        guard let limit = Self.limit(value, of: metric) else {
            throw StallBudgetError("\"\(shown)\": \"\(value)\" is no limit. Allowed: \(Self.allowedLimit(metric)).")
        }
        self.limit = limit
        guard firstBroken > 0 else {
            throw StallBudgetError("\"\(shown)\" can never be kept: nothing is less than 0.")
        }
    }

    private static func allowedLimit(_ metric: Metric) -> String {
        switch metric {
        case .count: "a whole number of stalls, such as 5"
        case .connectionSeconds: "a number, such as 30 or 0.5"
        case .quantile, .max, .total: "a time up to 24 hours with its unit ns, us, ms or s, such as 20ms or 1.5s"
        }
    }

    private static func limit(_ text: Substring, of metric: Metric) -> UInt64? {
        switch metric {
        case .count:
            guard text.allSatisfy(\.isASCIIDigit) else { return nil }
            return UInt64(text)
        case .connectionSeconds: return scaled(text, by: 1_000_000_000)
        case .quantile, .max, .total:
            // `ns` before `s`.
            let units: [(String, Double)] = [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]
            for (unit, nanoseconds) in units where text.hasSuffix(unit) {
                return scaled(text.dropLast(unit.count), by: nanoseconds)
            }
            return nil
        }
    }

    private static func scaled(_ text: Substring, by factor: Double) -> UInt64? {
        guard text.first?.isASCIIDigit == true, text.allSatisfy({ $0.isASCIIDigit || $0 == "." }),
            let number = Double(text)
        else { return nil }
        let value = (number * factor).rounded()
        return value <= 86_400e9 ? UInt64(value) : nil
    }
}

extension StallBudget.Rule.Metric {
    fileprivate init?(_ name: Substring) {
        switch name {
        case "max": self = .max
        case "count": self = .count
        case "total": self = .total
        case "connection-seconds": self = .connectionSeconds
        default:
            let digits = name.dropFirst()
            guard name.hasPrefix("p"), (2...4).contains(digits.count), digits.allSatisfy(\.isASCIIDigit),
                let numerator = UInt64(digits), numerator > 0
            else { return nil }
            self = .quantile(numerator: numerator, denominator: [100, 1_000, 10_000][digits.count - 2])
        }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isWholeNumber }
}

extension GateVerdict {
    /// The verdict for people: a table of rules, then the places that fail, each with an entry ready to be pasted.
    public var text: String {
        var page = TextPage(width: 100)
        page.line("stall gate: \(isPassed ? "passed" : "FAILED")")
        page.line(
            "  \(HumanText.count(ticks, "tick")), \(HumanText.count(lateTicks)) over the threshold")
        if withoutDetails > 0 {
            page.wrapped(
                "\(HumanText.count(withoutDetails, "late tick")) without details: counted as over every limit, not compared "
                    + "with the baseline", indent: 2)
        }
        if cutShort > 0 {
            page.wrapped(
                "\(HumanText.count(cutShort)) of the processes ended without telling their last figures: they count as "
                    + "last heard", indent: 2)
        }
        for rule in rules {
            var line = "  \(rule.isKept ? "kept  " : "BROKEN")  \(rule.rule)  observed \(rule.observed)"
            if let over = rule.over, let allowed = rule.allowed {
                line += " (\(HumanText.count(over)) over, \(HumanText.count(allowed)) allowed)"
            }
            page.line(line)
        }
        let order: [Standing] = [.new, .expired, .notCompared, .accepted, .hostAtFault]
        for standing in order {
            for place in places where place.standing == standing { describe(place, in: &page) }
        }
        for entry in unused {
            page.line("  unused in the baseline: \(entry.fingerprint)\(entry.where.map { " \($0)" } ?? "")")
        }
        let fresh = places.filter { $0.standing == .new && !$0.fingerprint.isEmpty }
        if !fresh.isEmpty {
            page.line("  to accept, add to the baseline with a reason:")
            for place in fresh { page.line("    " + Self.entry(place)) }
        }
        return page.text
    }

    private func describe(_ place: PlaceVerdict, in page: inout TextPage) {
        let label =
            switch place.standing {
            case .new: "NEW"
            case .expired: "EXPIRED"
            case .accepted: "accepted"
            case .hostAtFault: "host at fault"
            default: "stall"
            }
        let route = place.route.isEmpty ? "" : " in \(place.route)"
        page.line("  \(label)  \(place.fingerprint)  \(place.at)\(route)")
        page.wrapped(
            "\(place.cause); \(HumanText.count(place.count, "stall")), longest \(HumanText.duration(ns: place.maxNs)), "
                + "together \(HumanText.duration(ns: place.totalNs))", indent: 6)
        if place.standing.counts { page.wrapped(place.remedy, indent: 6) }
    }

    /// One line of JSON, ready to be pasted.
    private static func entry(_ place: PlaceVerdict) -> String {
        "{\"fingerprint\": \"\(place.fingerprint)\", \"reason\": \"\", \"where\": \"\(escaped(place.at))\"}"
    }

    private static func escaped(_ text: String) -> String {
        TextPage.printable(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}

/// Content negotiation as in RFC 9110 §12.5.1, for the few media types that we have.
package struct AcceptHeader {
    private struct Range {
        var type: Substring
        var subtype: Substring
        /// Thousandths.
        var quality: Int
    }

    private var ranges: [Range] = []

    /// - Parameter value: the header's value; nil and empty accept everything. Parts that are no media range are ignored.
    package init(_ value: String?) {
        for part in (value ?? "").split(separator: ",").prefix(64) {
            let fields = part.split(separator: ";").map { $0.trimmed }
            guard let media = fields.first, let slash = media.firstIndex(of: "/") else { continue }
            let quality = fields.dropFirst().lazy.compactMap(Self.quality).first ?? 1_000
            ranges.append(
                Range(type: media[..<slash], subtype: media[media.index(after: slash)...], quality: quality)
            )
        }
    }

    /// The offer with the highest quality; of equal ones the one named most exactly, then the one that the header names
    /// first, then the first one offered. The first offer when none is acceptable: a wrong form tells more than an error.
    package func preferred(of offers: [String]) -> String? {
        var best: (offer: String, rank: (Int, Int, Int))?
        for offer in offers {
            let rank = ranges.isEmpty ? (1_000, 0, 0) : rank(offer)
            guard rank.0 > 0 else { continue }
            if let best, best.rank >= rank { continue }
            best = (offer, rank)
        }
        return best?.offer ?? offers.first
    }

    /// Quality, specificity and (negative) position of the range that decides: the most specific one, even if its quality
    /// is lower.
    private func rank(_ offer: String) -> (Int, Int, Int) {
        guard let slash = offer.firstIndex(of: "/") else { return (0, 0, 0) }
        let type = offer[..<slash].lowercased()
        let subtype = offer[offer.index(after: slash)...].lowercased()
        var best = (quality: 0, specificity: -1, position: 0)
        for (position, range) in ranges.enumerated() {
            let specificity: Int
            if range.type == "*" && range.subtype == "*" {
                specificity = 0
            } else if range.type.lowercased() == type && range.subtype == "*" {
                specificity = 1
            } else if range.type.lowercased() == type && range.subtype.lowercased() == subtype {
                specificity = 2
            } else {
                continue
            }
            if specificity > best.specificity { best = (range.quality, specificity, -position) }
        }
        return (best.quality, max(0, best.specificity), best.position)
    }

    /// `q=0.8` → 800; nil for other parameters. A malformed weight counts as 0.
    private static func quality(_ field: Substring) -> Int? {
        guard field.lowercased().hasPrefix("q=") else { return nil }
        let digits = field.dropFirst(2)
        guard let first = digits.first, first == "0" || first == "1", digits.utf8.count <= 5 else { return 0 }
        let rest = digits.dropFirst()
        if rest.isEmpty { return first == "1" ? 1_000 : 0 }
        guard rest.first == "." else { return 0 }
        let decimals = rest.dropFirst()
        guard decimals.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return 0 }
        let padded = decimals + String(repeating: "0", count: 3 - decimals.utf8.count)
        return first == "1" ? 1_000 : Int(padded) ?? 0
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

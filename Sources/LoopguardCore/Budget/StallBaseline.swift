/// Stalls that are known and accepted for now. A JSON file, see `Documentation/Budget.md`.
public struct StallBaseline: Codable, Sendable, Equatable {
    /// One accepted place.
    public struct Entry: Codable, Sendable, Equatable {
        /// As in reports: 16 hexadecimal digits.
        public var fingerprint: String
        /// Why it is accepted. Never empty in a baseline that has been checked.
        public var reason: String
        /// The last day on which it is accepted, as `2027-01-31`, in UTC; nil = for ever.
        public var until: String?
        /// Where it is, for people; not compared.
        public var `where`: String?

        /// An entry of its parts.
        public init(fingerprint: String, reason: String, until: String? = nil, where place: String? = nil) {
            self.fingerprint = fingerprint
            self.reason = reason
            self.until = until
            self.where = place
        }

        private enum CodingKeys: String, CodingKey, CaseIterable { case fingerprint, reason, until, `where` }

        /// Refuses keys that it does not know: a misspelt `until` would accept a stall for ever.
        public init(from decoder: any Decoder) throws {
            try StallBaseline.refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
            let values = try decoder.container(keyedBy: CodingKeys.self)
            fingerprint = try values.decode(String.self, forKey: .fingerprint)
            reason = try values.decodeIfPresent(String.self, forKey: .reason) ?? ""
            until = try values.decodeIfPresent(String.self, forKey: .until)
            self.where = try values.decodeIfPresent(String.self, forKey: .where)
        }

        /// Whether it still holds at this time.
        func isExpired(nowUnixNs: Int64) -> Bool {
            guard let until, let day = CalendarDay(until) else { return false }
            return nowUnixNs >= day.endUnixNs
        }
    }

    /// Of the file's format: 1.
    public var version: Int
    /// The accepted places.
    public var accepted: [Entry]

    /// A baseline of these entries.
    public init(accepted: [Entry] = []) {
        version = 1
        self.accepted = accepted
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case version, accepted }

    /// Refuses keys that it does not know.
    public init(from decoder: any Decoder) throws {
        try Self.refuseUnknownKeys(decoder, known: CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decode(Int.self, forKey: .version)
        accepted = try values.decode([Entry].self, forKey: .accepted)
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    fileprivate static func refuseUnknownKeys(_ decoder: any Decoder, known: [String]) throws {
        let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: decoder.codingPath,
                debugDescription: "unknown key \"\(unknown)\"; allowed: \(known.joined(separator: ", "))"))
    }

    /// Checks what the format alone does not: every entry has a reason and a date that exists, no place stands twice.
    ///
    /// - Throws: ``StallBaselineError`` that names the entry and the remedy.
    public func validate() throws(StallBaselineError) {
        guard version == 1 else {
            throw StallBaselineError("version is \(version): this Loopguard reads version 1.")
        }
        var seen: Set<String> = []
        for (index, entry) in accepted.enumerated() {
            let name = "entry \(index + 1) (\(TextPage.printable(String(entry.fingerprint.prefix(40)))))"
            guard entry.fingerprint.utf8.count == 16,
                entry.fingerprint.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else {
                throw StallBaselineError(
                    "\(name): a fingerprint has 16 hexadecimal digits in lower case; copy it from a report.")
            }
            guard entry.reason.contains(where: { !$0.isWhitespace }) else {
                throw StallBaselineError(
                    "\(name) has no reason: write in \"reason\" why this stall is accepted, or repair it and remove the entry."
                )
            }
            if let until = entry.until, CalendarDay(until) == nil {
                throw StallBaselineError(
                    "\(name): \"until\" is \"\(TextPage.printable(String(until.prefix(40))))\", which is no day: write YYYY-MM-DD."
                )
            }
            guard seen.insert(entry.fingerprint).inserted else {
                throw StallBaselineError("\(name) stands twice: keep one of the two.")
            }
        }
    }

    /// The baseline that accepts all places of a run, with the reasons of this one; others are to be written in.
    ///
    /// Places without a stack, and those for which the machine was at fault, are left out: they name no place in the code.
    public func covering(_ tally: StallTally) -> StallBaseline {
        var covering: [Entry] = []
        var seen: Set<String> = []
        for place in tally.places where place.hasStack && !place.isHostAtFault && !place.fingerprint.isEmpty {
            guard seen.insert(place.fingerprint).inserted else { continue }
            let known = accepted.first { $0.fingerprint == place.fingerprint }
            covering.append(
                Entry(
                    fingerprint: place.fingerprint, reason: known?.reason ?? "", until: known?.until,
                    where: place.at))
        }
        return StallBaseline(accepted: covering)
    }
}

/// A baseline that cannot be used.
public struct StallBaselineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The class of the error. May grow.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public var rawValue: String
        /// A value by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// An entry cannot be used.
        public static let invalid = Code(rawValue: "invalid")
    }

    /// The class of the error.
    public var code: Code
    /// What is wrong and what to do, for people.
    public var message: String

    init(_ message: String) {
        code = .invalid
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// A day of the proleptic Gregorian calendar, UTC.
struct CalendarDay: Equatable {
    /// Midnight at its end, nanoseconds since 1970.
    let endUnixNs: Int64

    /// - Parameter text: `YYYY-MM-DD`, 1970 to 2199; nil for anything else, and for days that do not exist.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            (1970...2199).contains(year), (1...12).contains(month)
        else { return nil }
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        var days = day
        for earlier in 1970..<year { days += isLeap(earlier) ? 366 : 365 }
        for earlier in 0..<(month - 1) { days += lengths[earlier] }
        endUnixNs = Int64(days) * 86_400_000_000_000
    }
}

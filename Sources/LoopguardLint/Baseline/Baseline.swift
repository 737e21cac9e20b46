/// Findings that a team has accepted, known by rule, blocking call and names along the path: moved lines change nothing.
///
/// A second finding of the same kind is new, hence the counts. Documentation/lint-baseline.schema.json.
public struct Baseline: Sendable, Equatable, Codable {
    /// One kind of finding.
    public struct Entry: Sendable, Equatable, Codable {
        public var rule: String
        /// The blocking call, as reports name it.
        public var sink: String
        /// Names from the event loop's code to the one that makes the call.
        public var path: [String]
        /// Where it was when it was accepted, for people; relative to the package.
        public var file: String
        /// Findings of this kind that are accepted.
        public var count: Int
        /// Why.
        public var reason: String?
        /// `YYYY-MM-DD`, the last day on which it holds.
        public var until: String?
    }

    /// Of the format; 1.
    public var version = 1
    public var entries: [Entry] = []

    public init() {}

    /// All findings, one entry for each kind, with the reasons and dates of `old` kept.
    public init(accepting findings: [Finding], root: String, keeping old: Baseline = Baseline()) {
        var known: [Identity: Entry] = [:]
        for finding in findings {
            let identity = Identity(finding)
            known[
                identity,
                default: Entry(
                    rule: identity.rule, sink: identity.sink, path: identity.path,
                    file: Renderer.relative(finding.place.path, to: root), count: 0)
            ].count += 1
        }
        for entry in old.entries where known[Identity(entry)] != nil {
            known[Identity(entry)]?.reason = entry.reason
            known[Identity(entry)]?.until = entry.until
        }
        entries = known.values.sorted {
            ($0.file, $0.rule, $0.sink, $0.path.joined(separator: ">")) < (
                $1.file, $1.rule, $1.sink, $1.path.joined(separator: ">")
            )
        }
    }

    struct Identity: Hashable, Sendable {
        var rule: String
        var sink: String
        var path: [String]

        init(_ finding: Finding) {
            // `RULE > SINK > NAME > NAME`.
            let parts = finding.key.split(separator: " > ", omittingEmptySubsequences: false).map(String.init)
            rule = finding.rule
            sink = finding.sink.isEmpty ? parts.dropFirst().first ?? "" : finding.sink
            path = Array(parts.dropFirst(2))
        }

        init(_ entry: Entry) {
            rule = entry.rule
            sink = entry.sink
            path = entry.path
        }
    }

    /// What a baseline does to a run.
    struct Outcome: Sendable {
        var remaining: [Finding]
        var accepted: [Finding]
        /// Entries that accept nothing any more, or whose time is over, by number.
        var complaints: [(entry: Int, rule: String, message: String)] = []
    }

    /// Accepts findings, as many of each kind as an entry says.
    ///
    /// - Parameter isJudged: whether a file of an entry was looked at: only then can the entry be called out of use.
    func apply(_ findings: [Finding], today: String, isJudged: (String) -> Bool) -> Outcome {
        var left: [Identity: Int] = [:]
        var entryOf: [Identity: Int] = [:]
        var outcome = Outcome(remaining: [], accepted: [])
        var expired: Set<Int> = []
        for (number, entry) in entries.enumerated() {
            if let until = entry.until, until < today {
                expired.insert(number)
                outcome.complaints.append(
                    (number, "baseline-expired", "this acceptance of \(entry.rule) in \(entry.file) ended on \(until)"))
                continue
            }
            left[Identity(entry)] = min(
                1_000_000_000, (left[Identity(entry)] ?? 0) + min(1_000_000_000, max(0, entry.count)))
            entryOf[Identity(entry)] = number
        }
        for finding in findings {
            let identity = Identity(finding)
            guard let count = left[identity], count > 0, let number = entryOf[identity] else {
                outcome.remaining.append(finding)
                continue
            }
            left[identity] = count - 1
            var finding = finding
            finding.allowance = .init(
                by: .baseline, reason: entries[number].reason ?? "", until: entries[number].until)
            outcome.accepted.append(finding)
        }
        for (number, entry) in entries.enumerated() where !expired.contains(number) && isJudged(entry.file) {
            guard let count = left[Identity(entry)], count > 0, entryOf[Identity(entry)] == number else { continue }
            let what = count >= entry.count ? "matches nothing any more" : "accepts \(count) more than there are"
            outcome.complaints.append(
                (
                    number, "baseline-stale",
                    "this entry for \(entry.rule) in \(entry.file) \(what); write the baseline again to drop it"
                ))
        }
        return outcome
    }
}

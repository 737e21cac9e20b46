/// A change of one file that removes a finding.
public struct Fix: Sendable, Equatable {
    /// Whether it may be made without looking.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// The code compiles as before and means the same, but for not blocking.
        case safe
        /// Shown as a difference only: whether it compiles depends on what only the compiler knows.
        case preview
    }

    /// Bytes of the old text, and what stands there in the new one.
    public struct Edit: Sendable, Equatable {
        /// In UTF-8 bytes from the start of the file.
        public var range: Range<Int>
        public var text: String
        public init(range: Range<Int>, text: String) {
            self.range = range
            self.text = text
        }
    }

    public var kind: Kind
    /// What it does, such as ``usleep` becomes `Task.sleep``.
    public var title: String
    /// Of the finding that goes away.
    public var rule: String
    /// Of the finding that goes away.
    public var place: Finding.Place
    /// In order, apart from each other.
    public var edits: [Edit]
}

/// What can be done about findings, and why not about the others.
public struct FixPlan: Sendable, Equatable {
    /// A finding that is left to people.
    public struct Refusal: Sendable, Equatable {
        public var rule: String
        public var place: Finding.Place
        /// Why, for people.
        public var reason: String
    }

    public var fixes: [Fix] = []
    public var refusals: [Refusal] = []

    public init() {}

    /// The text with the fixes made. Of two that want different things of the same bytes the first is made; the other is left for
    /// the next run.
    public static func apply(_ fixes: [Fix], to bytes: [UInt8]) -> [UInt8] {
        var accepted: [Fix.Edit] = []
        for fix in fixes where fix.edits.allSatisfy({ $0.range.upperBound <= bytes.count }) {
            // Two calls below one `try` want the same `await`.
            let new = fix.edits.filter { !accepted.contains($0) }
            if new.allSatisfy({ edit in !accepted.contains { $0.touches(edit) } }) { accepted += new }
        }
        var result: [UInt8] = []
        var position = 0
        for edit in accepted.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            result += bytes[position..<edit.range.lowerBound]
            result += Array(edit.text.utf8)
            position = edit.range.upperBound
        }
        return result + bytes[position...]
    }
}

extension Fix.Edit {
    fileprivate func touches(_ other: Self) -> Bool {
        range.lowerBound <= other.range.upperBound && other.range.lowerBound <= range.upperBound
    }
}

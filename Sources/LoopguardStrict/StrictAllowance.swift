import CLoopguard
import CLoopguardStrict
import Glibc
import Synchronization

/// Figures of one place in the source that may block; see ``Strict/allowing(_:until:atMost:file:line:_:)``.
public struct StrictAllowance: Sendable, Equatable {
    /// Why it may.
    public var reason: String
    /// `Module/File.swift:12`.
    public var place: String
    /// How often its code ran.
    public var entered: UInt64
    /// Blocking calls of watched loops that it covered.
    public var calls: UInt64
    /// Time in those, and the longest. Nanoseconds.
    public var totalNs: UInt64
    public var maxNs: UInt64
    /// Calls that it did not cover: after its end, or longer than it allows. These are offences.
    public var refused: UInt64
    /// Its time is over.
    public var isExpired: Bool
    /// Its code ran, and nothing blocked: it can go.
    public var isUnused: Bool { entered > 0 && calls == 0 && refused == 0 }
}

/// The last day of an allowance, UTC.
public struct StrictDate: Sendable, Hashable, ExpressibleByStringLiteral {
    /// First nanosecond after it, since 1970; nil when the text was no date: such an allowance has expired.
    let endUnixNs: Int64?

    /// `YYYY-MM-DD`. Anything else is a date that has passed, and is reported as such: a typing error must not allow for ever.
    public init(stringLiteral text: String) { endUnixNs = Self.end(of: text) }
    /// The same at run time.
    public init(_ text: String) { endUnixNs = Self.end(of: text) }

    private static func end(of text: String) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = Int32(parts[0]), let month = Int32(parts[1]), let day = Int32(parts[2]),
            (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var time = tm()
        time.tm_year = year - 1900
        time.tm_mon = month - 1
        time.tm_mday = day
        let seconds = timegm(&time)
        guard time.tm_mday == day else { return nil }
        return (Int64(seconds) + 86400) * 1_000_000_000
    }
}

extension Strict {
    /// Lets `body` block the loop that runs it, for a reason.
    ///
    /// ```swift
    /// let key = try Strict.allowing("read once at the first request", until: "2027-03-31", atMost: .milliseconds(20)) {
    ///     try readKey()
    /// }
    /// ```
    ///
    /// Its calls and their time are counted (``allowances``). It holds for the calling thread while `body` runs; there is no
    /// form for `async` code, which changes threads. Nested ones: the innermost holds. Costs some 50 ns. Any thread.
    ///
    /// - Parameters:
    ///   - reason: for the reader of ``allowances``.
    ///   - until: the last day, `YYYY-MM-DD`, UTC; afterwards the calls are offences again. Default: no end.
    ///   - atMost: a single call that takes longer is an offence all the same. Default: no limit.
    public static func allowing<T, E: Error>(
        _ reason: String, until end: StrictDate? = nil, atMost: Duration? = nil, file: StaticString = #fileID,
        line: Int = #line, _ body: () throws(E) -> T
    ) throws(E) -> T {
        guard let allowance = Allowances.shared.find(reason, end, atMost, file: file, line: line) else {
            return try body()
        }
        let previous = lg_allowance_enter(allowance)
        defer { lg_allowance_leave(allowance, previous) }
        return try body()
    }

    /// All allowances whose code has run in this process, by place.
    public static var allowances: [StrictAllowance] { Allowances.shared.all }

    /// What is wrong with allowances, one sentence each: those that never were needed, and those that have expired.
    public static var allowanceFindings: [String] {
        allowances.compactMap { allowance in
            if allowance.isExpired {
                return "the allowance at \(allowance.place) (\(allowance.reason)) has expired: "
                    + "\(allowance.refused) blocking calls since"
            }
            guard allowance.isUnused else { return nil }
            return "the allowance at \(allowance.place) (\(allowance.reason)) is not needed: its code ran "
                + "\(allowance.entered) times on no watched loop, or without blocking"
        }
    }
}

/// All allowances of the process, by place.
final class Allowances: Sendable {
    static let shared = Allowances()
    /// Places told apart: a reason made at run time must not fill the memory. Further ones do not allow anything.
    static let limit = 1000

    private struct Key: Hashable {
        var reason: String
        var file: String
        var line: Int
    }
    private struct Entry: @unchecked Sendable {
        // SAFETY: allowances are never freed, and their fields are constant or atomic.
        var pointer: OpaquePointer
    }
    private let entries = Mutex<[Key: Entry]>([:])

    func find(
        _ reason: String, _ end: StrictDate?, _ atMost: Duration?, file: StaticString, line: Int
    ) -> OpaquePointer? {
        let key = Key(reason: reason, file: "\(file)", line: line)
        return entries.withLock { entries in
            if let known = entries[key] { return known.pointer }
            guard entries.count < Self.limit else { return nil }
            let expires = end.map { $0.endUnixNs ?? 0 } ?? .max
            let (seconds, attoseconds) = atMost?.components ?? (0, 0)
            let longest =
                atMost == nil || seconds > 1_000_000_000
                ? UInt64.max : UInt64(max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
            guard let made = lg_allowance_create(expires, longest) else { return nil }
            entries[key] = Entry(pointer: made)
            return made
        }
    }

    func reason(of pointer: OpaquePointer) -> String? {
        entries.withLock { $0.first { $0.value.pointer == pointer }?.key.reason }
    }

    var all: [StrictAllowance] {
        entries.withLock { $0 }.map { key, entry in
            let figures = lg_allowance_read(entry.pointer)
            return StrictAllowance(
                reason: key.reason, place: "\(key.file):\(key.line)", entered: figures.entered, calls: figures.calls,
                totalNs: figures.total_ns, maxNs: figures.max_ns, refused: figures.refused,
                isExpired: lg_allowance_is_expired(entry.pointer))
        }.sorted { ($0.place, $0.reason) < ($1.place, $1.reason) }
    }
}

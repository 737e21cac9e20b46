/// Leases with a time to live: who holds what until when. A value; the caller passes the time.
struct LeaseTable<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    private struct Entry {
        var owner: String
        var expires: Instant
    }

    private var entries: [String: Entry] = [:]

    /// Number of leases that are remembered, expired ones included until `purge`.
    var count: Int { entries.count }

    /// Takes or renews; false when somebody else holds it.
    mutating func take(_ name: String, owner: String, ttl: Duration, now: Instant) -> Bool {
        if let held = entries[name], held.owner != owner, held.expires > now { return false }
        entries[name] = Entry(owner: owner, expires: now.advanced(by: ttl))
        return true
    }

    /// Forgets expired leases.
    mutating func purge(now: Instant) {
        entries = entries.filter { $0.value.expires > now }
    }
}

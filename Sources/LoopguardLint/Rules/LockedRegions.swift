/// Where a file holds a lock.
struct LockedRegion {
    /// What is locked, as written.
    var lock: String
    var scope: SourceFacts.ScopeID
    /// Of the name of the call that locks.
    var start: Int
    var range: Range<Int>
    /// Parts of `range` in which the lock has been given back: early returns.
    var free: [Range<Int>]
    /// Between `lock()` and `unlock()`, not in a closure.
    var isExplicit: Bool

    func contains(_ offset: Int) -> Bool { range.contains(offset) && !free.contains { $0.contains(offset) } }
}

extension RuleFile {
    private static let release = [
        "lock": "unlock", "pthread_mutex_lock": "pthread_mutex_unlock",
        "pthread_rwlock_rdlock": "pthread_rwlock_unlock",
        "pthread_rwlock_wrlock": "pthread_rwlock_unlock", "pthread_spin_lock": "pthread_spin_unlock",
    ]

    /// A lock is held from its `lock()` to the `unlock()` in the same list of statements, to the end of the list when the
    /// `unlock()` is deferred, and in the closure given to `withLock`. Where the lock leaves the list held, nothing is said.
    var lockedRegions: [LockedRegion] {
        sinks.filter { $0.call.rule == "lock" }.compactMap { sink in
            guard let number = facts.callAt[sink.offset] else { return nil }
            let call = facts.calls[number]
            if call.arguments.contains(where: \.isClosure) {
                guard let closure = facts.scopes.firstIndex(where: { $0.takenBy?.call == number }) else { return nil }
                return LockedRegion(
                    lock: call.receiver ?? call.name, scope: closure, start: sink.offset,
                    range: facts.scopes[closure].range, free: [], isExplicit: false)
            }
            return explicitRegion(call)
        }
    }

    private func explicitRegion(_ call: SourceFacts.Call) -> LockedRegion? {
        let base = String(call.name.prefix { $0 != "(" })
        guard let release = Self.release[base], let block = structure.block(at: call.nameOffset) else { return nil }
        func subject(_ call: SourceFacts.Call) -> String? { call.receiver ?? call.arguments.first?.text }
        guard let lock = subject(call) else { return nil }
        let releases = facts.calls.filter {
            $0.scope == call.scope && subject($0) == lock && $0.name.prefix { $0 != "(" } == release
        }
        let outer = structure.blocks[block].range
        let end: Int
        if let same = releases.first(where: {
            $0.nameOffset > call.nameOffset && structure.block(at: $0.nameOffset) == block
        }) {
            end = same.nameOffset
        } else if releases.contains(where: { release in
            structure.block(at: release.nameOffset).map {
                structure.blocks[$0].isDeferred && structure.blocks[$0].parent == block
            } ?? false
        }) {
            end = outer.upperBound
        } else {
            return nil
        }
        let range = call.range.upperBound..<max(call.range.upperBound, end)
        // `if done { lock.unlock(); return }`
        let free = releases.compactMap { release -> Range<Int>? in
            guard range.contains(release.nameOffset), let inner = structure.block(at: release.nameOffset),
                inner != block, !structure.blocks[inner].isDeferred
            else { return nil }
            return release.nameOffset..<structure.blocks[inner].range.upperBound
        }
        return LockedRegion(
            lock: lock, scope: call.scope, start: call.nameOffset, range: range, free: free, isExplicit: true)
    }
}

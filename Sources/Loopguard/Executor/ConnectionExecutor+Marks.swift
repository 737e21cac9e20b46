import CLoopguard

extension ConnectionExecutor {
    /// Marks the beginning of work for this connection outside any job. On the loop's thread only.
    @usableFromInline
    func markBegin() { lg_scope_set(loop.slot.pointer, scopeID) }

    /// Marks its end. On the loop's thread only.
    @usableFromInline
    func markEnd() { lg_scope_set(loop.slot.pointer, 0) }
}

import CLoopguard

extension ConnectionExecutor {
    /// Marks the beginning of work for this connection. Returns for whom the loop worked before, which is nobody unless a
    /// job of another connection made the channel's handlers run. On the loop's thread only.
    @usableFromInline
    func markBegin() -> UInt64 {
        let outer = lg_scope(slot.pointer)
        lg_scope_set(slot.pointer, scopeID)
        return outer
    }

    /// Marks its end. On the loop's thread only.
    @usableFromInline
    func markEnd(_ outer: UInt64) { lg_scope_set(slot.pointer, outer) }
}

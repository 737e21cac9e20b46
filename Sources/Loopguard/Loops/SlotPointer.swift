import CLoopguard
import NIOCore

/// A pointer to a thread slot.
struct SlotPointer: @unchecked Sendable {
    // SAFETY: slots are never freed, and all their fields are either atomics or written once before `bound` is set.
    let pointer: UnsafeMutablePointer<lg_slot>

    /// Marks the thread of an event loop with a new slot.
    ///
    /// - Parameters:
    ///   - name: in reports.
    ///   - threadName: shown by `top -H`; nil = as it was.
    /// - Throws: ``LoopguardError`` with code `.alreadyWatched` or `.resources`.
    static func bind(
        _ name: String, to eventLoop: any EventLoop, threshold: Duration, threadName: String?
    ) async throws -> SlotPointer {
        guard let raw = lg_slot_create(name, UInt64(clamping: threshold.nanoseconds)) else {
            throw LoopguardError(.resources, "out of memory for the thread slot of \(name).")
        }
        let slot = SlotPointer(pointer: raw)
        let status: Int32? = try await eventLoop.submit {
            // Asked on the thread itself: two that come at the same time take turns here.
            guard lg_slot_current() == nil else { return nil }
            if let threadName { lg_thread_set_name(threadName) }
            return lg_slot_bind(slot.pointer)
        }.get()
        guard let status else {
            throw LoopguardError(
                .alreadyWatched,
                "\(name) of this group is watched already: a loop has one watchdog; shut the other one down first.")
        }
        guard status == 0 else {
            throw LoopguardError(.resources, "cannot prepare the thread of \(name): errno \(status).")
        }
        return slot
    }

    /// Takes the slot off the thread of the loop; waits while the loop is stalled. Returns at once when the thread has ended.
    func unbind(from eventLoop: any EventLoop) async {
        guard lg_slot_is_bound(pointer) else { return }
        // loopguard:allow(blocking-file-call) reason: it writes to an eventfd, which takes that at once
        eventLoop.execute { lg_slot_unbind(pointer) }
        // Not a promise: a loop that its owner is just ending drops what is handed to it. The end of the thread ends its marks
        // as well, so the mark itself says when it is done.
        while lg_slot_is_bound(pointer) { try? await Task.sleep(for: .milliseconds(1)) }
    }
}

import CAccuracy
import Dispatch
import Foundation

/// The functions that a report must name. Never inlined: each stands on the stack as itself.
enum Planted {
    /// The watchdog's default.
    static let captureSignal = SIGURG

    @inline(never)
    static func threadSleep(_ ns: UInt64) -> acc_outcome {
        let began = acc_now_ns()
        Thread.sleep(forTimeInterval: Double(ns) / 1e9)
        let took = acc_now_ns() - began
        // The interval is a Double: it may be a few nanoseconds short by itself.
        let short = took + 1000 < ns ? ns - took : 0
        return acc_outcome(interrupted: 0, shortened_ns: short, error: 0)
    }

    @inline(never)
    static func waitForSemaphore(_ ns: UInt64) -> acc_outcome {
        let semaphore = DispatchSemaphore(value: 0)
        let helper = Helper(after: ns) { semaphore.signal() }
        semaphore.wait()
        helper.join()
        return acc_outcome()
    }

    @inline(never)
    static func waitForQueue(_ ns: UInt64) -> acc_outcome {
        let queue = DispatchQueue(label: "accuracy")
        let isRunning = DispatchSemaphore(value: 0)
        queue.async {
            isRunning.signal()
            acc_sleep_until(acc_now_ns() + ns)
        }
        isRunning.wait()
        queue.sync {}
        return acc_outcome()
    }

    /// As deep as a loop's thread has stack for, then computing.
    @inline(never)
    static func recurse(_ ns: UInt64) -> acc_outcome {
        acc_outcome(interrupted: descend(20_000, ns) == 1 ? 1 : 0, shortened_ns: 0, error: 0)
    }

    @inline(never)
    static func descend(_ depth: Int, _ ns: UInt64) -> Int {
        guard depth > 0 else {
            _ = acc_spin_user(ns)
            return 0
        }
        let below = descend(depth - 1, ns)
        // Something left to do, so that this is a call and not a jump.
        return below == .max ? 1 : below &+ (depth & 2)
    }

    /// A thread that runs a closure later.
    private struct Helper {
        private final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        private let thread: OpaquePointer?

        init(after ns: UInt64, _ body: @escaping @Sendable () -> Void) {
            thread = acc_after(
                ns, { Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body() },
                Unmanaged.passRetained(Box(body)).toOpaque())
            if thread == nil { body() }
        }

        func join() { acc_join(thread) }
    }
}

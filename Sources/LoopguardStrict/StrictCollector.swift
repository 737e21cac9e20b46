import CLoopguard
import CLoopguardStrict
import Glibc
import Loopguard
import LoopguardCapture
import LoopguardCore
import Synchronization

/// The one thread that takes records of offences: unwinds their stacks and hands them to the report thread of their runtime.
///
/// It is started with the first strict mode and then stays, asleep without a time limit, for the life of the process.
final class StrictCollector: Sendable {
    static let shared = StrictCollector()

    private struct Owner: Sendable {
        weak var strict: Strict?
    }
    private struct State {
        /// By the address of the monitor.
        var owners: [UInt: Owner] = [:]
        var thread: PlainThread?
    }
    private let state = Mutex(State())

    func add(_ strict: Strict, for monitor: OpaquePointer) throws(LoopguardError) {
        let key = UInt(bitPattern: monitor)
        let needsThread = state.withLock { state in
            state.owners[key] = Owner(strict: strict)
            return state.thread == nil
        }
        guard needsThread else { return }
        let thread = try PlainThread(name: "lg-strict") { Self.run() }
        state.withLock { $0.thread = $0.thread ?? thread }
    }

    /// For the next user. Idempotent.
    func remove(_ monitor: OpaquePointer) {
        let key = UInt(bitPattern: monitor)
        let wasThere = state.withLock { $0.owners.removeValue(forKey: key) != nil }
        if wasThere { lg_monitor_release(monitor) }
    }

    private func owner(of monitor: OpaquePointer) -> Strict? {
        let key = UInt(bitPattern: monitor)
        return state.withLock { $0.owners[key]?.strict }
    }

    // MARK: the thread

    private static func run() {
        var worker = Worker(capturer: try? StackCapturer())
        var seen: UInt32 = 0
        while true {
            // Ended first: what has ended has also begun.
            let ended = lg_strict_take_ended()
            let begun = lg_strict_take_begun()
            worker.look(begun: begun, ended: ended)
            seen = lg_strict_wait(seen)
        }
    }

    private struct Worker {
        let capturer: StackCapturer?
        var open: [Int32: BlockingCall] = [:]
        var lastID: UInt64 = 0

        mutating func look(begun: UInt32, ended: UInt32) {
            for index in Self.indices(begun) {
                let record = lg_strict_record(index).pointee
                let strict = StrictCollector.shared.owner(of: record.monitor)
                guard let call = make(index, record, strict) else { continue }
                open[index] = call
                if ended & (1 << UInt32(index)) == 0 {
                    strict?.submit(call)
                    open[index]?.stack = nil
                }
            }
            for index in Self.indices(ended) {
                let record = lg_strict_record(index).pointee
                if var call = open.removeValue(forKey: index) {
                    call.durationNs = record.duration_ns
                    call.isOver = true
                    call.cause.evidence.insert("the call took \(Self.text(ns: record.duration_ns))", at: 0)
                    StrictCollector.shared.owner(of: record.monitor)?.submit(call)
                }
                lg_strict_record_free(index)
            }
        }

        private static func indices(_ set: UInt32) -> [Int32] {
            (0..<LG_RECORDS).filter { set & (1 << UInt32($0)) != 0 }
                .sorted { lg_strict_record($0).pointee.began_ns < lg_strict_record($1).pointee.began_ns }
        }

        private mutating func make(_ index: Int32, _ record: lg_record, _ strict: Strict?) -> BlockingCall? {
            guard let strict, let thread = strict.thread(of: record.slot) else { return nil }
            lastID += 1
            let now = lg_now_ns()
            let age = now - min(now, record.began_ns)
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let unixNs = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
            return BlockingCall(
                id: lastID, loop: thread.name, durationNs: age, isOver: false,
                startedAtUnixNs: unixNs - Int64(clamping: age), cause: StrictCause.of(record),
                scope: record.scope, connections: thread.connections(),
                jobsInTick: record.jobs - min(record.jobs, record.tick_first_job), captureNs: record.capture_ns,
                stack: stack(index, record), onReport: { [weak strict] report in strict?.keep(report) })
        }

        private func stack(_ index: Int32, _ record: lg_record) -> CapturedStack {
            guard let capturer else {
                return CapturedStack(validity: .notCaptured, note: "the stack capture cannot be prepared")
            }
            guard record.snapshot.stack_length > 0 else {
                return CapturedStack(validity: .notCaptured, note: "the thread runs on a stack that is not its own")
            }
            var stack = capturer.unwind(&lg_strict_record(index).pointee.snapshot)
            // What is further in than the wrapper itself copied the stack.
            if let caller = stack.addresses.firstIndex(where: { $0.value == record.wrapper_return }), caller > 1 {
                stack.addresses.removeFirst(caller - 1)
            }
            // The stack is of the call's beginning; the async contexts are of now.
            let hasParents = stack.addresses.contains { $0.kind == .asyncResume }
            if hasParents, lg_busy_since(record.slot) != record.tick || lg_jobs(record.slot) != record.jobs {
                stack.validity = .stale
                stack.note = "the job ended while its async callers were read"
            }
            return stack
        }

        static func text(ns: UInt64) -> String {
            ns < 10_000 ? "\(ns) ns" : ns < 10_000_000 ? "\(ns / 1000) µs" : "\(ns / 1_000_000) ms"
        }
    }
}

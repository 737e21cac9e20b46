import CLoopguard
import Dispatch
import Glibc
import NIOPosix
import Synchronization

@testable import Loopguard

/// A thread with a slot whose ticks a test makes one by one, while the test plays the watchdog.
final class PuppetThread: Sendable {
    let slot: SlotPointer
    let loop: GuardedLoop
    private let commands = ThreadCommands()
    private let thread: PlainThread

    init(threshold: Duration) throws {
        let raw = lg_slot_create("puppet", UInt64(clamping: threshold.nanoseconds))
        guard let raw else { throw LoopguardError(.resources, "no memory") }
        slot = SlotPointer(pointer: raw)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        loop = GuardedLoop(
            name: "puppet", index: 0, eventLoop: eventLoop, slot: slot,
            executor: LoopExecutor(eventLoop: eventLoop, slot: slot))
        let slot = slot
        let commands = commands
        thread = try PlainThread(name: "puppet") {
            lg_slot_bind(slot.pointer)
            while let command = commands.next() { command() }
            lg_slot_unbind(slot.pointer)
        }
        run {}
    }

    /// Runs `body` on the thread and waits for it.
    func run(_ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        commands.add {
            body()
            done.signal()
        }
        done.wait()
    }

    /// Ends the running tick and begins another.
    func turn() { run { [slot] in PuppetThread.turn(slot) } }

    /// The same, on the thread itself.
    static func turn(_ slot: SlotPointer) {
        lg_slot_unbind(slot.pointer)
        lg_slot_bind(slot.pointer)
    }

    func finish() {
        commands.end()
        thread.join()
    }
}

/// Closures for a thread, in order.
final class ThreadCommands: Sendable {
    private let state = Mutex<[(@Sendable () -> Void)?]>([])
    private let available = DispatchSemaphore(value: 0)

    func add(_ command: @escaping @Sendable () -> Void) {
        state.withLock { $0.append(command) }
        available.signal()
    }

    func end() {
        state.withLock { $0.append(nil) }
        available.signal()
    }

    func next() -> (@Sendable () -> Void)? {
        available.wait()
        return state.withLock { $0.removeFirst() }
    }
}

import Glibc
import Logging
import Loopguard
import NIOCore
import Synchronization

/// A thread that accepts connections and hands them to healthy loops. Never runs user code.
///
/// NIO's server bootstrap deals connections out in turn, to stalled loops as well; placement is ours. A thread and not a loop's
/// timer, so that accepting goes on whatever the loops do.
final class Acceptor: Sendable {
    struct Callbacks: Sendable {
        /// True when some loop can take a connection.
        var canPlace: @Sendable () -> Bool
        /// Takes the descriptor over.
        var place: @Sendable (CInt, SocketAddress?) -> Void
    }

    private enum Mode: Int, AtomicRepresentable {
        case accepting
        case paused
        case ended
    }

    private let listener: CInt
    private let callbacks: Callbacks
    private let logger: Logger
    private let mode = Atomic<Mode>(.accepting)
    private let wakeReader: CInt
    private let wakeWriter: CInt
    private let done: AsyncStream<Void>
    private let signalDone: AsyncStream<Void>.Continuation

    /// Milliseconds between looks at loops that are all stalled.
    private static let stalledPause: CInt = 5
    /// Milliseconds without accepting when the process is out of descriptors.
    private static let exhaustedPause: CInt = 100

    /// - Parameter listener: a nonblocking listening socket; closed when the acceptor ends, or cannot be made or started.
    init(listener: CInt, logger: Logger, callbacks: Callbacks) throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            Glibc.close(listener)
            throw LoopguardError(.resources, "no descriptors left for the acceptor: \(ListeningSocket.text(errno)).")
        }
        for end in ends { ListeningSocket.setFlags(end) }
        self.listener = listener
        self.logger = logger
        self.callbacks = callbacks
        wakeReader = ends[0]
        wakeWriter = ends[1]
        (done, signalDone) = AsyncStream.makeStream()
    }

    func start() throws {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // SAFETY: retained by start() for this thread, which is its only user and releases it.
                Unmanaged<Acceptor>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            // Nobody else will: the acceptor is unused.
            context.release()
            Glibc.close(listener)
            Glibc.close(wakeReader)
            throw LoopguardError(.resources, "cannot start the acceptor's thread: \(ListeningSocket.text(status)).")
        }
        pthread_detach(thread)
    }

    /// For `top -H` and debuggers; without it the thread is called like the process.
    private static func nameThread() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let name = Array("lg-acceptor".utf8)
        _ = write(file, name, name.count)
        Glibc.close(file)
    }

    func pause() { set(.paused) }
    func resume() { set(.accepting) }

    /// Ends the thread and closes the socket; returns when both has happened.
    func stop() async {
        set(.ended)
        for await _ in done {}
    }

    private func set(_ new: Mode) {
        var old = mode.load(ordering: .acquiring)
        while old != .ended {
            let (exchanged, current) = mode.compareExchange(
                expected: old, desired: new, ordering: .acquiringAndReleasing)
            if exchanged { break }
            old = current
        }
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        // loopguard:allow(blocking-file-call) reason: the pipe is non-blocking
        _ = write(wakeWriter, &byte, 1)
    }

    // MARK: the thread

    private func run() {
        Self.nameThread()
        var lastComplaint: ContinuousClock.Instant?
        while true {
            let mode = mode.load(ordering: .acquiring)
            if mode == .ended { break }
            // When all loops are stalled nothing is accepted: the workers share one listening socket, so a worker that is
            // healthy takes the connection instead. Without one it waits in the kernel's queue, no worse than in ours.
            let isAccepting = mode == .accepting
            let canPlace = isAccepting && callbacks.canPlace()
            wait(forConnections: canPlace, timeout: isAccepting && !canPlace ? Self.stalledPause : -1)
            // A loop may have stalled while this thread waited for a connection: then it is another worker's.
            guard canPlace, callbacks.canPlace(), self.mode.load(ordering: .acquiring) == .accepting else { continue }
            if !acceptBatch() {
                if lastComplaint.map({ .now - $0 >= .seconds(1) }) ?? true {
                    lastComplaint = .now
                    logger.error("out of descriptors: not accepting for now; raise the limit (ulimit -n)")
                }
                wait(forConnections: false, timeout: Self.exhaustedPause)
            }
        }
        Glibc.close(listener)
        Glibc.close(wakeReader)
        signalDone.finish()
    }

    private func wait(forConnections: Bool, timeout: CInt) {
        guard Polling.wait(wakeReader, forConnections ? listener : -1, milliseconds: timeout) else { return }
        var buffer: [UInt8] = Array(repeating: 0, count: 64)
        while read(wakeReader, &buffer, buffer.count) > 0 {}
    }

    /// Accepts what waits, at most some at a time: a loop may stall in between, and commands may come. False: out of
    /// descriptors.
    private func acceptBatch() -> Bool {
        for taken in 0..<16 {
            guard taken == 0 || callbacks.canPlace() else { return true }
            if let (descriptor, peer) = ListeningSocket.accept(listener) {
                callbacks.place(descriptor, peer)
                continue
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return false
            // The queue is empty, another worker was faster, or the client has gone already: not our problem.
            default: return true
            }
        }
        return true
    }

    deinit { Glibc.close(wakeWriter) }
}

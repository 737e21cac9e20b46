import CBench
import Glibc
import Loopguard
import LoopguardStrict
import NIOCore

/// What the wrappers of strict mode cost a call: switched off, switched on on a thread that nobody watches, and on a loop.
///
/// The baseline is the C library's own function, found past the wrapper. Both are called through pointers, as a program calls
/// the C library through its tables.
enum StrictBenchmarks {
    /// A call that returns at once.
    private struct Subject: Sendable {
        var name: String
        /// The wrapped symbol.
        var symbol: String
        /// Makes the call so many times.
        var run: @Sendable (_ function: UnsafeMutableRawPointer, _ count: Int) -> Void
        var isOnLoop = false
    }

    /// The C library's function, and ours; nil when ours does not stand before it.
    private static func functions(_ symbol: String) -> (own: UnsafeMutableRawPointer, wrapped: UnsafeMutableRawPointer)?
    {
        // RTLD_NEXT and RTLD_DEFAULT.
        guard let own = dlsym(UnsafeMutableRawPointer(bitPattern: -1), symbol), let wrapped = dlsym(nil, symbol),
            own != wrapped
        else { return nil }
        return (own, wrapped)
    }

    private static func time(_ subject: Subject, _ function: UnsafeMutableRawPointer, _ count: Int) -> Double {
        let began = Clock.nowNs()
        subject.run(function, count)
        return Double(Clock.nowNs() - began) / Double(count)
    }

    static func all(rounds: Int, count: Int) async throws -> [Measurement] {
        let subjects = makeSubjects()
        var result = try subjects.map { try measure($0, rounds: rounds, count: count, "off", limit: .difference(2)) }
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.reporters = []
        let runtime = try await LoopguardRuntime.start(configuration)
        let strict = try Strict.start(runtime)
        result += try subjects.map { try measure($0, rounds: rounds, count: count, "on, another thread", limit: nil) }
        let onLoop = subjects.filter(\.isOnLoop)
        result += try await runtime.group.loops[0].eventLoop.submit {
            // Short rounds: the loop is held up by each.
            try onLoop.map { try measure($0, rounds: rounds, count: max(1, count / 50), "on, a loop", limit: nil) }
        }.get()
        await strict.stop()
        await runtime.shutdown()
        return result
    }

    private static func measure(
        _ subject: Subject, rounds: Int, count: Int, _ state: String, limit: Measurement.Limit?
    ) throws -> Measurement {
        let name = "\(subject.name), strict \(state)"
        guard let (own, wrapped) = functions(subject.symbol) else {
            return Measurement(name: name + ": not wrapped", unit: "", value: 0, baseline: 0, baselineName: "")
        }
        let result = try interleavedRounds(
            rounds: rounds, [{ time(subject, wrapped, count) }, { time(subject, own, count) }])
        return Measurement(
            name: name, unit: "ns", value: result[0].median, baseline: result[1].median,
            baselineName: "the C library's \(subject.symbol)", spread: result[0].spread,
            difference: result[0].minus(result[1]).median, limit: limit)
    }
}

private typealias Read = @convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int
private typealias Control = @convention(c) (Int32, Int32, Int) -> Int32
private typealias Lock = @convention(c) (UnsafeMutableRawPointer) -> Int32

// SAFETY: callers state the C signature of the function at the address.
private func typed<F>(_ function: UnsafeMutableRawPointer, _ type: F.Type) -> F { unsafeBitCast(function, to: type) }

extension StrictBenchmarks {
    /// They stay for the process' life: each is needed until the end.
    private static func makeSubjects() -> [Subject] {
        // Counts down by one a read, and is never used up. Non-blocking: no offence on a loop.
        let counter = eventfd(.max, Int32(EFD_SEMAPHORE) | Int32(EFD_NONBLOCK))
        let locks = Locks()
        return [
            Subject(
                name: "pthread_mutex_lock and unlock", symbol: "pthread_mutex_lock",
                run: { function, count in
                    let lock = typed(function, Lock.self)
                    for _ in 0..<count {
                        _ = lock(locks.mutex)
                        pthread_mutex_unlock(locks.mutex)
                    }
                }, isOnLoop: true),
            Subject(
                name: "sem_post and sem_wait", symbol: "sem_wait",
                run: { function, count in
                    let wait = typed(function, Lock.self)
                    for _ in 0..<count {
                        sem_post(locks.semaphore)
                        _ = wait(locks.semaphore)
                    }
                }),
            Subject(
                name: "fcntl(F_GETFL)", symbol: "fcntl",
                run: { function, count in
                    let control = typed(function, Control.self)
                    for _ in 0..<count { _ = control(counter, F_GETFL, 0) }
                }),
            Subject(
                name: "read of an eventfd", symbol: "read",
                run: { function, count in
                    let read = typed(function, Read.self)
                    var value: UInt64 = 0
                    for _ in 0..<count { _ = read(counter, &value, 8) }
                }, isOnLoop: true),
        ]
    }

    private final class Locks: @unchecked Sendable {
        // SAFETY: the pointers never change, and what they point to is made for use by many threads.
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() {
            pthread_mutex_init(mutex, nil)
            sem_init(semaphore, 0, 0)
        }

        deinit {
            mutex.deallocate()
            semaphore.deallocate()
        }
    }
}

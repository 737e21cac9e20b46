import Dispatch
import Foundation
import Synchronization

/// Functions that stall on purpose, one per cause. `@inline(never)` and a statement after the blocking call: a tail call
/// would take the frame off the stack, and its name is what the tests look for.
enum Planted {
    /// Keeps the optimiser from dropping what comes after a blocking call.
    static let sink = Atomic<Int>(0)

    @inline(never) static func plantedUsleep() {
        usleep(200_000)
        sink.add(1, ordering: .relaxed)
    }

    @inline(never) static func plantedThreadSleep() {
        Thread.sleep(forTimeInterval: 0.2)
        sink.add(1, ordering: .relaxed)
    }

    /// Another thread writes after 200 ms.
    @inline(never) static func plantedPipeRead() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        let writeEnd = ends[1]
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) {
            _ = write(writeEnd, "x", 1)
            close(writeEnd)
        }
        var byte: UInt8 = 0
        let count = read(ends[0], &byte, 1)
        sink.add(count, ordering: .relaxed)
        close(ends[0])
    }

    /// Another thread holds the lock for 200 ms.
    @inline(never) static func plantedLockWait() {
        let lock = NSLock()
        let held = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            lock.lock()
            held.signal()
            usleep(200_000)
            lock.unlock()
        }
        held.wait()
        lock.lock()
        sink.add(1, ordering: .relaxed)
        lock.unlock()
    }

    @inline(never) static func plantedSemaphoreWait() {
        let semaphore = DispatchSemaphore(value: 0)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { semaphore.signal() }
        semaphore.wait()
        sink.add(1, ordering: .relaxed)
    }

    @inline(never) static func plantedSpin() {
        let end = DispatchTime.now().uptimeNanoseconds + 200_000_000
        var n = 0
        while DispatchTime.now().uptimeNanoseconds < end { n &+= 1 }
        sink.add(n, ordering: .relaxed)
    }

    @inline(never) static func plantedSort() {
        let end = DispatchTime.now().uptimeNanoseconds + 200_000_000
        var generator = SystemRandomNumberGenerator()
        while DispatchTime.now().uptimeNanoseconds < end {
            var numbers = (0..<20_000).map { _ in generator.next() as UInt64 }
            numbers.sort()
            sink.add(Int(truncatingIfNeeded: numbers[0]), ordering: .relaxed)
        }
    }

    /// Reads the same 8 MiB again and again: from the page cache after the first time, so it is kernel time.
    @inline(never) static func plantedFileRead() {
        let path = NSTemporaryDirectory() + "loopguard-planted-\(getpid())"
        _ = FileManager.default.createFile(atPath: path, contents: Data(count: 8 << 20))
        defer { unlink(path) }
        let end = DispatchTime.now().uptimeNanoseconds + 200_000_000
        while DispatchTime.now().uptimeNanoseconds < end {
            let data = FileManager.default.contents(atPath: path)
            sink.add(data?.count ?? 0, ordering: .relaxed)
        }
    }

    /// Lets the kernel clear memory.
    @inline(never) static func plantedKernelSpin() {
        let zero = open("/dev/zero", O_RDONLY | O_CLOEXEC)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer {
            close(zero)
            memory.deallocate()
        }
        let end = DispatchTime.now().uptimeNanoseconds + 250_000_000
        while DispatchTime.now().uptimeNanoseconds < end {
            let count = read(zero, memory, 1 << 20)
            sink.add(count, ordering: .relaxed)
        }
    }
}

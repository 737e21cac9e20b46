import Foundation
import LoopguardWebSocket
import NIOConcurrencyHelpers

// What `--demo` serves: handlers that hold their event loop in the common ways, to be looked at in /debug/stalls, and one
// that does the same work right. Their names are what a reader looks for there, so they must not be inlined.

/// Sleeps on the event loop.
@inline(never)
func demoSleepOnEventLoop(milliseconds: Int) {
    // loopguard:allow(blocking-sleep) reason: the demo's purpose
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
}

/// Computes without a pause.
@inline(never)
func demoSpinOnEventLoop(milliseconds: Int) -> UInt64 {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    while ContinuousClock.now < end {
        for _ in 0..<1_000 { state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407 }
    }
    return state
}

/// Waits for a lock that another thread holds.
@inline(never)
func demoWaitForContendedLock(milliseconds: Int) {
    let lock = NSLock()
    let held = DispatchSemaphore(value: 0)
    NamedThread.start("demo-holder") {
        lock.lock()
        held.signal()
        demoHoldLock(milliseconds: milliseconds)
        lock.unlock()
    }
    held.wait()  // loopguard:allow(blocking-semaphore) reason: the demo's purpose
    lock.lock()
    lock.unlock()
}

/// Runs on a thread of its own and keeps the lock.
@inline(never)
private func demoHoldLock(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
}

/// Reads from a pipe into which another thread writes late.
///
/// Returns the number of bytes read; 0 when no pipe could be made.
@inline(never)
func demoReadFromPipe(milliseconds: Int) -> Int {
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting
    NamedThread.start("demo-feeder") {
        Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        try? writer.write(contentsOf: Data([1]))
        try? writer.close()
    }
    var byte: UInt8 = 0
    // loopguard:allow(blocking-file-call) reason: the demo's purpose
    return max(0, read(pipe.fileHandleForReading.fileDescriptor, &byte, 1))
}

/// Resolves a name the way `getaddrinfo(3)` does with a name server that does not answer: sends the query over UDP and
/// waits for the reply with a timeout. (To loopback and with a fixed time, so that a demo needs no network.)
@inline(never)
func demoResolveNameBlocking(milliseconds: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Bound to itself: the query arrives nowhere, and no ICMP error ends the wait early.
    _ = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // loopguard:allow(blocking-poll) reason: the demo's purpose
    _ = poll(&wait, 1, Int32(clamping: milliseconds))
}

/// The same wait as ``demoSleepOnEventLoop(milliseconds:)``, on a thread that may wait.
@inline(never)
func demoSleepOnPoolThread(milliseconds: Int) {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
}

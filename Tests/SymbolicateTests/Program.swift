import CLoopguard
import Foundation
import Glibc
import LoopguardCapture
import LoopguardCore
import Synchronization
import Testing

/// A stall with a stack of known functions, and what the running program says of it. The tests run it in this process and,
/// as a stripped copy of this very executable, in another one.
enum Program {
    static let environmentKey = "LOOPGUARD_PRINT_STALL"
    static let begin = "-----BEGIN REPORT-----"
    static let end = "-----END REPORT-----"

    @inline(never) @_optimize(none) static func keep(_ value: some Any) {}

    @inline(__always) private static func inlinedIntoTheNext(_ descriptor: Int32) {
        var byte: UInt8 = 0
        let count = read(descriptor, &byte, 1)
        keep(count)
    }

    @inline(never) static func readsFromAPipe(_ descriptor: Int32) {
        inlinedIntoTheNext(descriptor)
        keep(1)
    }

    @inline(never) static func looksUpTheUser(_ descriptor: Int32) {
        readsFromAPipe(descriptor)
        keep(2)
    }

    /// Blocks a thread in ``looksUpTheUser(_:)`` and takes its stack.
    static func captureStall() throws -> CapturedStack {
        var descriptors: [Int32] = [0, 0]
        try #require(pipe(&descriptors) == 0)
        defer { for descriptor in descriptors { close(descriptor) } }
        let slot = try #require(lg_slot_create("stall", 1_000_000))
        let (reader, writer) = (descriptors[0], descriptors[1])
        let address = UInt(bitPattern: slot)
        let mayEnd = Gate()
        let thread = Thread {
            // SAFETY: slots are never freed.
            guard let slot = UnsafeMutablePointer<lg_slot>(bitPattern: address), lg_slot_bind(slot) == 0 else { return }
            looksUpTheUser(reader)
            mayEnd.wait()
            lg_slot_unbind(slot)
        }
        thread.start()
        while !lg_slot_is_bound(slot) { usleep(200) }
        let capturer = try StackCapturer()
        var stack = capturer.capture(slot: slot, tick: lg_busy_since(slot))
        for _ in 0..<5000 where stack.bySignal || stack.validity != .verified {
            usleep(1000)
            stack = capturer.capture(slot: slot, tick: lg_busy_since(slot))
        }
        write(writer, "x", 1)
        mayEnd.open()
        while lg_slot_is_bound(slot) { usleep(200) }
        return stack
    }

    static func report(_ frames: [StackFrame]) -> StallReport {
        StallReport(
            id: "host-1-1", host: "host", worker: 0, pid: 1, loop: "loop-0", startedAtUnixNs: 1_700_000_000_000_000_000,
            durationNs: 123_456_789, ongoing: false, thresholdNs: 50_000_000, detectionLatencyNs: nil,
            watchdogLatenessNs: 0, kind: .singleJob,
            cause: StallCause(category: .blockedInSystemCall, summary: "blocked in read", evidence: []), scope: nil,
            blast: BlastRadius(connections: 3, connectionSeconds: 0.22), jobsInTick: 1,
            samples: [StackSample(offsetNs: 60_000_000, validity: .verified, frames: frames)],
            fingerprint: "0123456789abcdef",
            remedy: "use offload")
    }
}

/// Lets a thread wait for another.
final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    func wait() { while !isOpen.load(ordering: .acquiring) { usleep(500) } }
}

/// Run by the tests in a stripped copy of this executable; does nothing in the suite.
@Suite struct StrippedProgram {
    @Test(.enabled(if: ProcessInfo.processInfo.environment[Program.environmentKey] != nil, "run by EndToEndTests"))
    func printReport() throws {
        let frames = Symbolizer().symbolicate(try Program.captureStall().addresses)
        let json = try StallJSON.encode([Program.report(frames)])
        print("\n\(Program.begin)\n\(String(decoding: json, as: UTF8.self))\n\(Program.end)")
    }
}

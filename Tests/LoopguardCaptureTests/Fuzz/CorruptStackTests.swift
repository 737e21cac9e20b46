import CLoopguard
import Foundation
import Glibc
import LoopguardCore
import Testing

@testable import LoopguardCapture

extension RealThreads {
    /// The unwinder over snapshots that are garbage from the first byte to the last, and at the edges of the address space. Any
    /// answer is right; a crash, an endless loop, or more frames than allowed is not.
    ///
    /// Two seconds in the suite; longer by `Tools/Fuzz/run SECONDS`. `LOOPGUARD_SEED` repeats a run.
    @Suite(.serialized) struct CorruptStackTests {
        /// Nanoseconds for one stack. A good one takes 0.2 ms; the machine may give us no CPU for a while.
        private static let limitNs: UInt64 = 5_000_000_000

        @Test func survives() throws {
            let environment = ProcessInfo.processInfo.environment
            let seed = environment["LOOPGUARD_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
            let seconds = environment["LOOPGUARD_FUZZ_SECONDS"].flatMap { Double($0) } ?? 2
            print("CorruptStackTests: seed \(seed), \(seconds) s")
            var random = SplitMix64(state: seed)
            let capturer = try StackCapturer()
            let symbolizer = Symbolizer()
            let capacity = 64 * 1024
            let stack = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
            defer { stack.deallocate() }
            let deadline = ContinuousClock.now + .seconds(seconds)
            var (rounds, frames, longest) = (0, 0, UInt64(0))
            while ContinuousClock.now < deadline {
                var snapshot = Self.snapshot(capturer, stack, capacity, &random)
                let began = lg_now_ns()
                let result = capturer.unwind(&snapshot)
                longest = max(longest, lg_now_ns() - began)
                #expect(result.addresses.count <= capturer.maxFrames)
                #expect(result.validity != .notCaptured || result.note != nil)
                // What comes out is looked up like any other.
                if rounds % 32 == 0 {
                    #expect(symbolizer.symbolicate(result.addresses).count >= result.addresses.count)
                }
                rounds += 1
                frames += result.addresses.count
            }
            #expect(longest < Self.limitNs, "a stack took \(longest) ns")
            #expect(rounds > 0)
            print("CorruptStackTests: \(rounds) stacks, \(frames) frames, longest \(longest / 1000) µs")
        }

        /// A snapshot in one of several states of disorder.
        private static func snapshot(
            _ capturer: StackCapturer, _ stack: UnsafeMutableRawPointer, _ capacity: Int, _ random: inout SplitMix64
        ) -> lg_snapshot {
            let length = [0, 8, 128, 4096, capacity].randomElement(using: &random) ?? 0
            let bases: [UInt64] = [
                0, 8, 0x7fff_0000_0000, 0x7fff_ffff_f000, UInt64.max - 4095, UInt64.max - UInt64(capacity) + 1,
                0x8000_0000_0000_0000, UInt64(UInt(bitPattern: stack)),
                UInt64.random(in: 0...UInt64.max, using: &random) & ~7,
            ]
            let base = bases.randomElement(using: &random) ?? 0
            var snapshot = lg_capture_copy_snapshot(capturer.capture).pointee
            snapshot.stack_base = base
            snapshot.stack_length = length
            snapshot.stack = stack.assumingMemoryBound(to: UInt8.self)
            snapshot.stack_capacity = capacity
            snapshot.stack_low = Bool.random(using: &random) ? base &- 4096 : 0
            snapshot.stack_high = Bool.random(using: &random) ? base &+ UInt64(length) : UInt64.max
            let words = stack.assumingMemoryBound(to: UInt64.self)
            let isPlausible = Bool.random(using: &random)
            for index in 0..<length / 8 { words[index] = word(snapshot, isPlausible, &random) }
            var registers = (0..<Int(LG_REGISTERS)).map { _ in word(snapshot, isPlausible, &random) }
            let edges: [UInt64] = [
                base, base &+ UInt64(length), base &+ UInt64(length) &- 8, base &+ 1, base &- 8, 0, UInt64.max,
                UInt64.max - 7,
            ]
            registers[Int(LG_RSP)] = edges.randomElement(using: &random) ?? 0
            registers[Int(LG_RIP)] =
                Int.random(in: 0..<4, using: &random) == 0 ? word(snapshot, false, &random) : code(&random)
            withUnsafeMutableBytes(of: &snapshot.registers) { bytes in
                for (index, value) in registers.enumerated() {
                    bytes.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
                }
            }
            return snapshot
        }

        /// A word of a stack: an address in the stack, in code, or anything.
        private static func word(_ snapshot: lg_snapshot, _ isPlausible: Bool, _ random: inout SplitMix64) -> UInt64 {
            switch Int.random(in: 0..<(isPlausible ? 6 : 9), using: &random) {
            case 0, 1: code(&random)
            case 2, 3:
                snapshot.stack_base &+ UInt64.random(in: 0..<UInt64(snapshot.stack_length + 16), using: &random) & ~7
            case 4: 0
            case 5: UInt64(LG_UNKNOWN)
            case 6: UInt64.random(in: 0...UInt64.max, using: &random)
            case 7: UInt64.max &- UInt64.random(in: 0..<64, using: &random)
            default: 0x7fff_ffff_f000 &+ UInt64.random(in: 0..<8192, using: &random)
            }
        }

        /// An address in code of this executable, of libc or of libswiftCore.
        private static func code(_ random: inout SplitMix64) -> UInt64 {
            (codes.randomElement(using: &random) ?? 0) &+ UInt64.random(in: 0..<(1 << 20), using: &random)
        }

        private static let codes: [UInt64] = {
            let function: @convention(c) () -> UInt64 = lg_capture_handler_runs
            // SAFETY: a C function pointer is an address.
            let own = UInt64(unsafeBitCast(function, to: UInt.self))
            let names: [String] = ["qsort", "swift_retain"]
            return [own, own &- (1 << 20)] + names.map { (name: String) in UInt64(UInt(bitPattern: dlsym(nil, name))) }
        }()
    }
}

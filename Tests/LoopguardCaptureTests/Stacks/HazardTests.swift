import CLoopguard
import Foundation
import Glibc
import LoopguardCore
import Testing

@testable import LoopguardCapture

extension RealThreads {
    /// Many captures of threads that are mostly inside the allocator and the loader, where a careless capture deadlocks.
    @Suite(.serialized) struct HazardTests {
        let capturer: StackCapturer
        init() throws { capturer = try StackCapturer() }

        /// Captures of each storm. By hand, for the record: `LOOPGUARD_STORM=25000 swift test --filter HazardTests`, 10⁵ captures
        /// in four storms.
        private static let captures = getenv("LOOPGUARD_STORM").flatMap { Int(String(cString: $0)) } ?? 700

        private func storm(
            _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: @escaping @Sendable (Flag) -> Void
        ) {
            let captures = Self.captures
            let flag = Flag()
            let victim = Victim { body(flag) }
            flag.waitUntilBegun()
            var captured = 0
            var bySignal = 0
            var verified = 0
            var longest: UInt64 = 0
            let began = lg_now_ns()
            for _ in 0..<captures {
                let stack = capturer.capture(slot: victim.slot, tick: victim.tick)
                if stack.validity != .notCaptured { captured += 1 }
                if stack.bySignal { bySignal += 1 }
                if stack.validity == .verified { verified += 1 }
                longest = max(longest, stack.costNs)
                #expect(!stack.addresses.isEmpty || stack.note != nil, sourceLocation: sourceLocation)
            }
            print(
                "HazardTests: \(name): \(captures) captures in \((lg_now_ns() - began) / 1_000_000) ms, \(captured) with a stack, "
                    + "\(verified) verified, \(bySignal) by signal, the longest \(longest / 1000) µs")
            flag.set()
            victim.finish()
            // A busy machine may leave some signals unanswered in time.
            #expect(captured > captures / 2, "\(captured) of \(captures)", sourceLocation: sourceLocation)
            #expect(bySignal > 0, sourceLocation: sourceLocation)
        }

        @Test func insideMalloc() {
            let stop = Flag()
            let other = Victim { Planted.allocates(until: stop) }
            storm("malloc") { Planted.allocates(until: $0) }
            stop.set()
            other.finish()
        }

        @Test func insideDlopen() {
            storm("dlopen") { flag in
                flag.begin()
                while !flag.isSet {
                    if let library = dlopen("libBrokenLocale.so.1", RTLD_NOW) { dlclose(library) }
                    if let library = dlopen("libthread_db.so.1", RTLD_LAZY) { dlclose(library) }
                }
            }
        }

        @Test func insideDlIteratePhdr() throws {
            typealias Callback = @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32
            typealias Iterate = @convention(c) (Callback, UnsafeMutableRawPointer?) -> Int32
            let symbol = try #require(dlsym(nil, "dl_iterate_phdr"))
            // SAFETY: the function's C type, from dl_iterate_phdr(3), with an opaque first argument.
            let iterate = unsafeBitCast(symbol, to: Iterate.self)
            storm("dl_iterate_phdr") { flag in
                flag.begin()
                while !flag.isSet { _ = iterate({ _, _, _ in 0 }, nil) }
            }
        }

        /// A C++ exception takes the loader's lock, allocates, and is in the middle of an unwind of its own. The library that
        /// throws is made here: nothing of ours has C++ in it.
        @Test(.enabled(if: Tool.find("clang++") != nil, "clang++ is not installed")) func insideExceptions() throws {
            let folder = try TemporaryFolder()
            let source = """
                struct Thing { int depth; ~Thing() { depth = 0; } };
                static void fail(int depth) { Thing thing = {depth}; if (depth == 0) throw 7; fail(depth - 1); }
                extern "C" int throws_and_catches(void) { try { fail(8); } catch (int x) { return x; } return 0; }
                """
            try source.write(toFile: folder.path("throws.cc"), atomically: true, encoding: .utf8)
            try Tool.run(
                try #require(Tool.find("clang++")),
                ["-g", "-O1", "-shared", "-fPIC", "-o", folder.path("throws.so"), folder.path("throws.cc")])
            let library = try #require(dlopen(folder.path("throws.so"), RTLD_NOW))
            let symbol = dlsym(library, "throws_and_catches")
            // SAFETY: the function's C type, as it stands in the source above.
            let throwsAndCatches = unsafeBitCast(symbol, to: (@convention(c) () -> Int32).self)
            try #require(throwsAndCatches() == 7)
            storm("exceptions") { flag in
                flag.begin()
                while !flag.isSet { _ = throwsAndCatches() }
            }
        }

        /// Corrupt stacks and registers: any result, no crash, no endless loop.
        @Test(arguments: [UInt64(1), UInt64.random(in: 2...UInt64.max)]) func garbage(seed: UInt64) throws {
            print("garbage: seed \(seed)")
            var random = SplitMix64(state: seed)
            let pipe = try Pipe()
            let victim = Victim { Planted.keep(Planted.recurses(5) { Planted.callsRead(pipe.reader) }) }
            let call = try #require(victim.waitUntilBlocked(in: "read"))
            #expect(call.name == "read")
            let probe = try ThreadProbe(tid: victim.tid)
            guard case .blocked(_, _, let stackPointer, let counter) = probe.systemCall() else {
                Issue.record("the victim moved")
                return
            }
            let stack = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 18)
            defer { stack.deallocate() }
            var frames = 0
            for round in 0..<1500 {
                _ = lg_capture_by_copy(capturer.capture, victim.slot, stackPointer, counter)
                _ = capturer.unwindCopy(takenNs: 0)
                var snapshot = lg_capture_copy_snapshot(capturer.capture).pointee
                let length = snapshot.stack_length
                memcpy(stack, snapshot.stack, length)
                snapshot.stack = stack
                let words = length / 8
                for _ in 0..<Int.random(in: 1...(round % 7 == 0 ? words : 12), using: &random) {
                    let index = Int.random(in: 0..<words, using: &random)
                    let value = Self.nastyValue(near: snapshot, &random)
                    stack.withMemoryRebound(to: UInt64.self, capacity: words) { $0[index] = value }
                }
                if round % 2 == 0 {
                    let register = [Int(LG_RBP), Int(LG_RSP), Int(LG_RIP), 3].randomElement(using: &random) ?? 0
                    let value = Self.nastyValue(near: snapshot, &random)
                    withUnsafeMutableBytes(of: &snapshot.registers) {
                        $0.storeBytes(of: value, toByteOffset: register * 8, as: UInt64.self)
                    }
                }
                if round % 5 == 0 { snapshot.stack_length = Int.random(in: 0...words, using: &random) * 8 }
                let result = withUnsafeMutablePointer(to: &snapshot) { capturer.unwind($0) }
                #expect(result.addresses.count <= capturer.maxFrames)
                frames += result.addresses.count
            }
            #expect(frames > 1500)
            pipe.write()
            victim.finish()
        }

        private static func nastyValue(near snapshot: lg_snapshot, _ random: inout SplitMix64) -> UInt64 {
            switch UInt64.random(in: 0..<8, using: &random) {
            case 0: 0
            case 1: UInt64.max - UInt64.random(in: 0..<64, using: &random)
            case 2: UInt64.random(in: 0...UInt64.max, using: &random)
            case 3: snapshot.stack_base + UInt64.random(in: 0..<UInt64(snapshot.stack_length + 64), using: &random)
            case 4: snapshot.stack_high &- UInt64.random(in: 0..<32, using: &random)
            case 5: codeAddress &+ UInt64.random(in: 0..<65536, using: &random)
            case 6: libcAddress &+ UInt64.random(in: 0..<65536, using: &random)
            default: 0x7fff_ffff_f000 &+ UInt64.random(in: 0..<8192, using: &random)
            }
        }

        private static let codeAddress: UInt64 = {
            let function: @convention(c) () -> UInt64 = lg_capture_handler_runs
            // SAFETY: a C function pointer is an address.
            return UInt64(unsafeBitCast(function, to: UInt.self))
        }()
        private static let libcAddress = UInt64(UInt(bitPattern: dlsym(nil, "qsort")))
    }
}

struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

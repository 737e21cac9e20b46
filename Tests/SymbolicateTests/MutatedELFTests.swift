import Foundation
import LoopguardCapture
import LoopguardCore
import Testing

@testable import loopguard_symbolicate

/// Damaged ELF files given to the command: it names what it can or says what is wrong; it does not crash, hang or eat memory.
///
/// A few seconds in the suite; longer by `Tools/Fuzz/run SECONDS`. The seed is printed and can be given again:
/// `LOOPGUARD_SEED`.
@Suite(.enabled(if: Workshop.compiler != nil, "no C compiler")) struct MutatedELFTests {
    /// Files for one run of the command.
    private static let batch = 24
    /// Frames that are looked up in each file.
    private static let frames = 24
    /// Kilobytes of address space that the command may have.
    private static let memoryLimit = 1_500_000
    /// Seconds for a batch, on a busy machine too.
    private static let timeLimit = 60

    @Test func survives() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["LOOPGUARD_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let seconds = environment["LOOPGUARD_FUZZ_SECONDS"].flatMap { Double($0) } ?? 3
        print("MutatedELFTests: seed \(seed), \(seconds) s")
        let folder = try Folder()
        let original = try program(folder)
        var random = Random(state: seed)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var tally: [Int32: Int] = [:]
        var files = 0
        var named = 0
        var isFirst = true
        // The undamaged file first, the canary: it must be resolved.
        while isFirst || ContinuousClock.now < deadline {
            let mutants = isFirst ? [original.bytes] : (0..<Self.batch).map { _ in original.mutant(&random) }
            let (status, count) = try run(mutants, original, in: folder)
            if isFirst { #expect(status == 0 && count == Self.frames, "the undamaged file is not even named") }
            named += count
            isFirst = false
            files += mutants.count
            tally[status, default: 0] += 1
            guard ![0, 1, 65].contains(status) else { continue }
            // Which of them was it?
            for mutant in mutants {
                let alone = try run([mutant], original, in: folder).status
                guard ![0, 1, 65].contains(alone) else { continue }
                let kept = NSTemporaryDirectory() + "loopguard-mutant-\(seed)-\(files)"
                try Data(mutant).write(to: URL(fileURLWithPath: kept))
                Issue.record("the command ended with \(alone) (seed \(seed)); the file is kept: \(kept)")
            }
        }
        print(
            "MutatedELFTests: \(files) files, \(named) of \(files * Self.frames) frames named all the same, exit codes of batches \(tally.sorted { $0.key < $1.key })"
        )
    }

    /// Runs the command with frames in each of the files.
    private func run(_ mutants: [[UInt8]], _ original: ELFBytes, in folder: Folder) throws -> (
        status: Int32, named: Int
    ) {
        var frames: [String] = []
        for (index, mutant) in mutants.enumerated() {
            _ = try folder.write("m\(index)", mutant)
            for step in 0..<UInt64(Self.frames) {
                let offset = original.code.lowerBound + step * UInt64(original.code.count) / UInt64(Self.frames)
                frames.append(
                    """
                    {"address":"0x\(String(UInt64(frames.count) + 4096, radix: 16))","module":"m\(index)",
                    "module_offset":"0x\(String(offset, radix: 16))","kind":"physical","is_runtime":false}
                    """)
            }
        }
        let report = try folder.write(
            "report.json", "[{\"samples\":[{\"frames\":[\(frames.joined(separator: ","))]}]}]".utf8)
        // Found by their names in a folder: one that is refused then does not end the command.
        // Sanitizers map terabytes of shadow memory.
        let limit =
            ProcessInfo.processInfo.environment["LOOPGUARD_SANITIZER"] == nil ? "\(Self.memoryLimit)" : "unlimited"
        let script = "ulimit -v \(limit); exec timeout \(Self.timeLimit) \"$@\""
        let ended = try Workshop.run(
            "/bin/bash", ["-c", script, "bash", Workshop.command, report, "--search", folder.root])
        // "symbolicate: 12 frames named, 3 left"
        let named = ended.errors.split(separator: " ").dropLast(3).last { Int($0) != nil }.flatMap { Int($0) }
        return (ended.status, named ?? 0)
    }

    private func program(_ folder: Folder) throws -> ELFBytes {
        let source = """
            #include <stdio.h>
            struct item { int key; struct item *next; union { long l; double d; } value; };
            enum kind { small, large };
            static inline __attribute__((always_inline)) int inner(struct item *i, int x) {
                for (int k = 0; k < x; k++) { if (i->key == k) return (int)i->value.l; i = i->next ? i->next : i; }
                return x;
            }
            static inline __attribute__((always_inline)) int middle(struct item *i, int x) { return inner(i, x) + inner(i, x + 1); }
            __attribute__((noinline)) int outer(struct item *i, int x) { { int y = middle(i, x); return y * 2; } }
            int main(int argc, char **argv) {
                struct item i = {.key = argc};
                printf("%d %s\\n", outer(&i, argc), argv[0]);
                return 0;
            }

            """
        let file = try folder.write("seed.c", source.utf8)
        // No sections compressed, no build-id: a file without one is taken by its name, whatever has happened to it.
        let ended = try Workshop.run(
            try #require(Workshop.compiler), ["-g", "-O1", "-Wl,--build-id=none", "-o", folder.path("seed"), file])
        try #require(ended.status == 0, "\(ended.errors)")
        return try #require(ELFBytes(Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("seed"))))))
    }
}

struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// A well-formed ELF file, and how to damage it where it hurts.
struct ELFBytes {
    var bytes: [UInt8]
    var code: Range<UInt64> = 0..<0
    private var sections: [(name: String, header: Int, range: Range<Int>)] = []

    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count > 64 else { return nil }
        let (table, count, names) = (number(40, 8), number(60, 2), number(62, 2))
        guard table + 64 * count <= bytes.count, names < count else { return nil }
        let strings = number(table + 64 * names + 24, 8)
        for index in 0..<count {
            let header = table + 64 * index
            let name = bytes[(strings + number(header, 4))...].prefix { $0 != 0 }
            let offset = number(header + 24, 8)
            let size = number(header + 4, 4) == 8 ? 0 : number(header + 32, 8)
            guard offset + size <= bytes.count else { return nil }
            sections.append((String(decoding: name, as: UTF8.self), header, offset..<offset + size))
            if name.elementsEqual(".text".utf8) {
                let low = UInt64(number(header + 16, 8))
                code = low..<low + UInt64(size)
            }
        }
    }

    private func number(_ at: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    func mutant(_ random: inout Random) -> [UInt8] {
        var mutant = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:  // cut off, but not so early that it is no ELF file
                if mutant.count > 65 {
                    mutant.removeLast(mutant.count - Int.random(in: 64..<mutant.count, using: &random))
                }
            case 1:  // a field of the file's header
                Self.overwrite(&mutant, at: Int.random(in: 5..<64, using: &random), &random)
            case 2:  // a field of a program header
                Self.overwrite(&mutant, at: 64 + Int.random(in: 0..<56 * 12, using: &random), &random)
            case 3, 4:  // a field of a section header: huge sizes, wrong links, wrong types
                guard let section = sections.randomElement(using: &random) else { break }
                Self.overwrite(&mutant, at: section.header + 4 * Int.random(in: 0..<16, using: &random), &random)
            case 5:  // bytes anywhere
                for _ in 0..<Int.random(in: 1...64, using: &random) {
                    Self.overwrite(&mutant, at: Int.random(in: 5..<mutant.count, using: &random), &random)
                }
            default:  // bytes of the debug information and the symbols
                let wanted = sections.filter { $0.name.hasPrefix(".debug") || $0.name.hasSuffix("tab") }
                guard let range = wanted.randomElement(using: &random)?.range, !range.isEmpty else { break }
                for _ in 0..<Int.random(in: 1...32, using: &random) {
                    Self.overwrite(&mutant, at: Int.random(in: range, using: &random), &random)
                }
            }
        }
        return mutant
    }

    private static func overwrite(_ bytes: inout [UInt8], at index: Int, _ random: inout Random) {
        let values: [UInt64] = [
            0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, .max, .max - 7, 1 << 40,
            UInt64.random(in: 0...UInt64.max, using: &random), UInt64.random(in: 0..<256, using: &random),
        ]
        var value = values.randomElement(using: &random) ?? 0
        let width = [1, 1, 1, 2, 4, 8].randomElement(using: &random) ?? 1
        for step in 0..<width where index + step < bytes.count {
            bytes[index + step] = UInt8(truncatingIfNeeded: value)
            value >>= 8
        }
    }
}

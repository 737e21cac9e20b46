import LoopguardCore
import Testing

@testable import LoopguardCapture

@Suite struct ProcParserTests {
    private func parse<Value>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Array(text.utf8).withUnsafeBytes(body)
    }

    @Test func schedstat() {
        #expect(
            parse("123 456 7\n", ThreadSchedule.parse) == ThreadSchedule(cpuNs: 123, runDelayNs: 456, timeslices: 7))
        for text in ["", " ", "1 2", "a b c", "1 2 -3", "99999999999999999999999 1 1"] {
            #expect(parse(text, ThreadSchedule.parse) == nil, "\(text)")
        }
    }

    @Test(arguments: ["loop 0", "a) R 1 (b", "()", ")))", "R (S) D", "", "日本"])
    func statWithAnyName(name: String) {
        let text = "42 (\(name)) D 1 2 3 4 5 6 70 8 9 10 11 12 13 14\n"
        #expect(
            parse(text, ThreadStatus.parse)
                == ThreadStatus(state: "D", majorFaults: 9, userTicks: 11, systemTicks: 12))
    }

    @Test(arguments: [
        "", "42", "42 (x", "42 (x)", "42 (x) RR 1 2 3", "42 (x) R 1 2 3 4", "42 (x) R 1 2 3 4 5 6 7 8 x 1 2 3",
    ])
    func brokenStat(text: String) { #expect(parse(text, ThreadStatus.parse) == nil) }

    @Test func statOfGroupWithoutTerminal() {
        let status = parse("1 (x) S 0 -1 -1 0 -1 4194560 1 2 3 4 5 6", ThreadStatus.parse)
        #expect(status == ThreadStatus(state: "S", majorFaults: 3, userTicks: 5, systemTicks: 6))
    }

    @Test func syscall() {
        #expect(parse("running\n", SystemCallState.parse) == .running)
        #expect(
            parse("-1 0x7ffc12 0x401000\n", SystemCallState.parse)
                == .outsideSystemCall(stackPointer: 0x7ffc12, programCounter: 0x401000))
        #expect(
            parse("230 0x0 0x1 0x2 0x3 0x4 0xffffffffffffffff 0x7ffc12 0x401000\n", SystemCallState.parse)
                == .blocked(
                    number: 230, arguments: [0, 1, 2, 3, 4, .max], stackPointer: 0x7ffc12, programCounter: 0x401000))
    }

    @Test(
        arguments: [
            "", "\n", "runnin", "running1", "-1", "-1 0x1", "-2 0x1 0x2", "230 0x0", "0x12 1 2", "230 0 1 2 3 4 5 6 7",
            "230 0x0 0x1 0x2 0x3 0x4 0x5 0x6", "230 0x0 0x1 0x2 0x3 0x4 0x5 0x6 0x", "99999999999999999999 0x0",
            "230 0x0 0x1 0x2 0x3 0x4 0x5 0x6 0x12345678123456781", "\u{0}\u{1}\u{ff}", "Operation not permitted",
        ])
    func brokenSyscall(text: String) { #expect(parse(text, SystemCallState.parse) == .unavailable) }

    /// Every prefix of valid content, and random bytes: an answer, never a trap.
    @Test func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(state: seed)
        let samples = [
            "1 (a b) (c)) R 1 2 3 4 5 6 7 8 9 10 11 12", "230 0x0 0x1 0x2 0x3 0x4 0x5 0x6 0x7", "1 2 3",
        ]
        for sample in samples {
            for length in 0...sample.utf8.count {
                var bytes = Array(sample.utf8.prefix(length))
                for _ in 0..<40 {
                    bytes.withUnsafeBytes { bytes in
                        _ = ThreadSchedule.parse(bytes)
                        _ = ThreadStatus.parse(bytes)
                        let call = SystemCallState.parse(bytes)
                        if case .blocked(let number, let arguments, _, _) = call {
                            #expect(number < 1 << 16 && arguments.count == 6, "seed \(seed)")
                        }
                    }
                    if let index = bytes.indices.randomElement(using: &random) {
                        bytes[index] = UInt8.random(in: 0...255, using: &random)
                    }
                }
            }
        }
    }
}

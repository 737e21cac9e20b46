import Testing

@testable import LoopguardWebSocket

@Suite struct UTF8ValidatorTests {
    static func isValid(_ bytes: [UInt8], cut: Int) -> Bool {
        var validator = UTF8Validator()
        let first = Array(bytes.prefix(cut))
        let second = Array(bytes.dropFirst(cut))
        return first.withUnsafeBytes { validator.consume($0) } && second.withUnsafeBytes { validator.consume($0) }
            && validator.isComplete
    }

    /// All sequences of two bytes, and three and four bytes at the bounds of the ranges, against the standard library.
    @Test func agreesWithTheStandardLibrary() {
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var wrong: [[UInt8]] = []
        func check(_ bytes: [UInt8]) {
            let expected = String(validating: bytes, as: UTF8.self) != nil
            if Self.isValid(bytes, cut: bytes.count / 2) != expected { wrong.append(bytes) }
        }
        for first in UInt8.min...UInt8.max { for second in UInt8.min...UInt8.max { check([first, second]) } }
        for a in edges {
            for b in edges {
                for c in edges {
                    check([a, b, c])
                    check([0xF0, a, b, c])
                    check([0xF4, a, b, c])
                    check([0xF1, a, b, c])
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: 0..<20) func agreesOnRandomText(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                bytes += Array(
                    ["plain ascii text", "ü", "€uro", "𝄞", "日本"].randomElement(using: &random)?.utf8 ?? "".utf8)
            }
            if Bool.random(using: &random), !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            let cut = Int.random(in: 0...bytes.count, using: &random)
            #expect(Self.isValid(bytes, cut: cut) == expected, "seed \(seed), round \(round)")
        }
    }
}

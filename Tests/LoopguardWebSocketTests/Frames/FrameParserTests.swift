import NIOCore
import Testing

@testable import LoopguardWebSocket

@Suite struct FrameParserTests {
    static let limits = FrameParser.Limits(messageBytes: 1_000, fragments: 4)

    static func parse(_ bytes: [UInt8], limits: FrameParser.Limits = limits) -> [FrameParser.Event] {
        var parser = FrameParser(limits: limits)
        return parser.events(bytes)
    }

    static func message(_ text: String) -> FrameParser.Event { .message(.text(text)) }
    static func frame(_ first: UInt8, _ length: [UInt8], _ payload: Int = 0) -> [UInt8] {
        [first] + length + [0, 0, 0, 0] + [UInt8](repeating: 0x61, count: payload)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var events: [FrameParser.Event]
        var testDescription: String { name }
        init(_ name: String, _ bytes: [UInt8], _ events: FrameParser.Event...) {
            self.name = name
            self.bytes = bytes
            self.events = events
        }
    }

    static let cases: [Case] = {
        let t = RawClient.text
        let f = RawClient.frame
        let long = [UInt8](repeating: 7, count: 200)
        return [
            Case("text", t("hello", true), message("hello")),
            Case("empty text", t("", true), message("")),
            Case("binary", f(2, [1, 2, 3], true, [9, 8, 7, 6]), .message(.binary([1, 2, 3]))),
            Case("16-bit length", f(2, long, true, [1, 2, 3, 4]), .message(.binary(long))),
            Case("two messages", t("a", true) + t("b", true), message("a"), message("b")),
            Case(
                "fragments with a ping between",
                t("he", false) + f(9, [1], true, [1, 2, 3, 4]) + f(0, [0x79], true, [0, 0, 0, 1]),
                .ping(ByteBuffer(bytes: [1])), message("hey")),
            Case(
                "empty fragments", t("", false) + f(0, [], false, [0, 0, 0, 0]) + f(0, [], true, [0, 0, 0, 0]),
                message("")),
            Case(
                "code point over fragments",
                f(1, [0xE2, 0x82], false, [5, 5, 5, 5]) + f(0, [0xAC], true, [6, 6, 6, 6]),
                message("€")),
            Case(
                "ping of 125", f(9, [UInt8](repeating: 1, count: 125), true, [1, 1, 1, 1]),
                .ping(ByteBuffer(repeating: 1, count: 125))),
            Case("unsolicited pong", f(10, [4], true, [1, 2, 3, 4]), .pong(ByteBuffer(bytes: [4]))),
            Case("close without code", f(8, [], true, [1, 2, 3, 4]), .close(CloseFrame(code: nil))),
            Case("close", RawClient.close(1000, "bye ü"), .close(CloseFrame(code: .normal, reason: "bye ü"))),
            Case(
                "data after close is ignored", RawClient.close(1000) + t("x", true) + [0xFF],
                .close(CloseFrame(code: .normal))),
            // Failures.
            Case("unmasked", [0x81, 0x01, 0x61], .failure(.unmasked)),
            Case("unmasked control", [0x89, 0x00], .failure(.unmasked)),
            Case("RSV1", [0xC1], .failure(.reservedBits)),
            Case("RSV2", [0xA1], .failure(.reservedBits)),
            Case("RSV3 on a ping", [0x99], .failure(.reservedBits)),
            Case("126 not minimal", frame(0x82, [0xFE, 0, 125], 125), .failure(.lengthEncoding)),
            Case("127 not minimal", frame(0x82, [0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), .failure(.lengthEncoding)),
            Case("64-bit top bit", [0x82, 0xFF, 0x80], .failure(.lengthTopBit)),
            Case("fragmented ping", [0x09], .failure(.fragmentedControl)),
            Case("ping of 126", [0x89, 0xFE], .failure(.longControl)),
            Case("close of 127", [0x88, 0xFF], .failure(.longControl)),
            Case("orphan continuation", f(0, [1], true, [1, 2, 3, 4]), .failure(.orphanContinuation)),
            Case(
                "continuation after the end", t("a", true) + f(0, [1], true, [1, 2, 3, 4]), message("a"),
                .failure(.orphanContinuation)),
            Case("new message inside one", t("a", false) + t("b", true), .failure(.interleavedMessage)),
            Case("too large by its header alone", frame(0x82, [0xFE, 0x03, 0xE9]), .failure(.size(limit: 1_000))),
            Case(
                "huge by its header alone", frame(0x82, [0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
                .failure(.size(limit: 1_000))),
            Case(
                "too large over fragments",
                f(2, [UInt8](repeating: 0, count: 600), false, [0, 0, 0, 0])
                    + f(0, [UInt8](repeating: 0, count: 401), true, [0, 0, 0, 0]),
                .failure(.size(limit: 1_000))),
            Case(
                "too many fragments", t("", false) + (0..<4).flatMap { _ in f(0, [], false, [0, 0, 0, 0]) },
                .failure(.fragments(limit: 4))),
            Case("close of one byte", f(8, [3], true, [1, 2, 3, 4]), .failure(.closePayload)),
            Case("close reason not UTF-8", f(8, [3, 0xE8, 0xFF], true, [1, 2, 3, 4]), .failure(.closeReason)),
            Case("text not UTF-8", f(1, [0xFF], true, [1, 2, 3, 4]), .failure(.text)),
            Case("text ends inside a code point", f(1, [0xE2, 0x82], true, [1, 2, 3, 4]), .failure(.text)),
            // The first wrong byte is noticed although the frame has not come in full.
            Case("fails fast", [0x81, 0xFD, 0, 0, 0, 0, 0x61, 0xC0], .failure(.text)),
            Case("surrogate", f(1, [0xED, 0xA0, 0x80], true, [0, 0, 0, 0]), .failure(.text)),
        ]
    }()

    @Test(arguments: cases) func followsTheRule(_ test: Case) {
        #expect(Self.parse(test.bytes) == test.events)
    }

    /// Every case, cut in two at every place, and byte by byte: where reads end must not matter.
    @Test(arguments: cases) func splitsDoNotMatter(_ test: Case) {
        for cut in 1..<max(2, test.bytes.count) {
            var parser = FrameParser(limits: Self.limits)
            #expect(parser.events(test.bytes, pieces: [cut, Int.max]) == test.events, "cut at \(cut)")
        }
        var parser = FrameParser(limits: Self.limits)
        #expect(parser.events(test.bytes, pieces: [1]) == test.events)
    }

    @Test func reservedOpcodesFail() {
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8] {
            #expect(Self.parse([0x80 | opcode]) == [.failure(.reservedOpcode)])
        }
    }

    @Test func closeCodesAreJudged() {
        for code in 0...5_100 {
            let events = Self.parse(RawClient.close(code))
            let isAllowed = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
            if isAllowed {
                #expect(events == [.close(CloseFrame(code: .init(rawValue: UInt16(code))))])
            } else {
                #expect(events == [.failure(.closeCode)], "code \(code)")
            }
        }
    }

    @Test func everyMaskAlignmentUnmasks() {
        for length in 0...70 {
            let payload = (0..<length).map { UInt8($0) }
            for cut in 1...max(1, length) {
                var parser = FrameParser(limits: Self.limits)
                let bytes = RawClient.frame(2, payload, mask: [0xA1, 0xB2, 0xC3, 0xD4])
                #expect(parser.events(bytes, pieces: [6 + cut, 3]) == [.message(.binary(payload))])
            }
        }
    }

    @Test func whatAMessageKeepsAliveIsAsLargeAsWhatCame() {
        // A header that promises a lot must not make us allocate a lot.
        var parser = FrameParser(limits: .init(messageBytes: 1 << 30, fragments: 4))
        #expect(parser.events([0x82, 0xFF, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]).isEmpty)
        #expect(parser.bufferedCapacity < 256)
    }

    /// Random streams, mostly well-formed, against the slow reference; the seed is in every message.
    @Test(arguments: 0..<40) func agreesWithTheReference(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = FrameParser.Limits(messageBytes: 300, fragments: 5)
        for round in 0..<50 {
            let bytes = Self.stream(&random)
            var parser = FrameParser(limits: limits)
            let pieces = (0..<64).map { _ in Int.random(in: 1...40, using: &random) }
            let events = parser.events(bytes, pieces: pieces)
            #expect(events == ReferenceParser(limits: limits).events(bytes), "seed \(seed), round \(round)")
        }
    }

    static func stream(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        var isInside = false
        let pieces = ["", "a", "hello", "grüße", "€", "𝄞", "日本語", String(repeating: "x", count: 130)]
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<12:
                var payload = Array((pieces.randomElement(using: &random) ?? "").utf8)
                let isFinal = Int.random(in: 0..<3, using: &random) > 0
                if !isFinal, Bool.random(using: &random) {
                    payload = Array(payload.dropLast(Int.random(in: 0...2, using: &random)))
                }
                bytes += RawClient.frame(
                    isInside ? 0 : UInt8.random(in: 1...2, using: &random), payload, final: isFinal, mask: mask)
                isInside = !isFinal
            case 12..<15: bytes += RawClient.frame(9, [1, 2], mask: mask)
            case 15: bytes += RawClient.frame(10, [], mask: mask)
            case 16: bytes += RawClient.close([1000, 1005, 3000, 999].randomElement(using: &random) ?? 1000, "ok")
            default:
                var frame = RawClient.frame(UInt8.random(in: 0...15, using: &random), Array("zzé".utf8), mask: mask)
                let index = Int.random(in: 0..<frame.count, using: &random)
                frame[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
                bytes += frame
            }
        }
        return bytes
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

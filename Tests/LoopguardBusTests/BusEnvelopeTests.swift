import LoopguardBus
import Testing

@Suite struct BusEnvelopeTests {
    private func roundTrip(_ envelope: BusEnvelope) throws -> BusEnvelope {
        try BusEnvelope(decoding: envelope.encoded()[...], maximumPayloadBytes: 1 << 20)
    }

    @Test(arguments: [
        BusHeaders(), BusHeaders(isBinary: true), BusHeaders(correlation: "c-1"),
        BusHeaders(correlation: "Ünïcode", origin: "host-1/2", isBinary: true), BusHeaders(correlation: "", origin: ""),
        BusHeaders(correlation: String(repeating: "x", count: 255), origin: String(repeating: "é", count: 127)),
    ])
    func headersAndEveryByteSurvive(_ headers: BusHeaders) throws {
        for payload in [[], Array(UInt8.min...UInt8.max), [UInt8](repeating: 0, count: 70_000)] {
            let envelope = BusEnvelope(headers: headers, payload: payload)
            #expect(try roundTrip(envelope) == envelope)
            #expect(try envelope.encoded().count <= payload.count + BusEnvelope.maximumOverheadBytes)
        }
    }

    @Test func layoutStaysAsDocumented() throws {
        let envelope = BusEnvelope(
            headers: BusHeaders(correlation: "ab", origin: "c", isBinary: true), payload: [9, 8])
        #expect(try envelope.encoded() == [1, 7, 2, 0x61, 0x62, 1, 0x63, 9, 8])
    }

    @Test(arguments: [String(repeating: "x", count: 256), "a\nb", "\u{1B}[31m", "\u{85}"])
    func badHeadersAreRefused(_ header: String) {
        for headers in [BusHeaders(correlation: header), BusHeaders(origin: header)] {
            #expect { try BusEnvelope(headers: headers, payload: []).encoded() } throws: {
                ($0 as? BusError)?.code == .invalidHeaders
            }
        }
    }

    @Test(
        arguments: [
            [], [1], [0, 0], [2, 0], [1, 8], [1, 2], [1, 2, 5, 0x61], [1, 4, 1, 0xFF], [1, 2, 1, 0x0A], [1, 6, 0, 9],
        ] as [[UInt8]])
    func malformedBytesAreNoEnvelope(_ bytes: [UInt8]) {
        #expect { try BusEnvelope(decoding: bytes[...], maximumPayloadBytes: 10) } throws: {
            ($0 as? BusError)?.code == .protocolViolation
        }
    }

    @Test func oversizedPayloadIsRefused() throws {
        let bytes = try BusEnvelope(headers: .init(), payload: [1, 2, 3]).encoded()
        #expect(throws: Never.self) { try BusEnvelope(decoding: bytes[...], maximumPayloadBytes: 3) }
        #expect { try BusEnvelope(decoding: bytes[...], maximumPayloadBytes: 2) } throws: {
            ($0 as? BusError)?.code == .messageTooLarge
        }
    }

    /// Whatever decodes, encodes to the same bytes; nothing traps.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var decoded = 0
        for _ in 0..<5000 {
            var bytes = (0..<Int(random.next() % 24)).map { _ in UInt8(truncatingIfNeeded: random.next() % 128) }
            if bytes.count > 1, random.chance(80) {
                bytes[0] = 1
                bytes[1] &= 7
            }
            // A slice that does not begin at 0, as it comes out of a larger message.
            let slice = ([0xAA] + bytes).dropFirst()
            guard let envelope = try? BusEnvelope(decoding: slice, maximumPayloadBytes: 100) else { continue }
            decoded += 1
            #expect(try envelope.encoded() == bytes, "seed \(seed)")
        }
        #expect(decoded > 500, "the fuzz must reach the good case too")
    }
}

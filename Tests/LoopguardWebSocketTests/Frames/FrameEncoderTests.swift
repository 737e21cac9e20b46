import NIOCore
import Testing

@testable import LoopguardWebSocket

@Suite struct FrameEncoderTests {
    @Test(
        arguments: [
            (0, [0x82, 0]), (125, [0x82, 125]), (126, [0x82, 126, 0, 126]), (65_535, [0x82, 126, 0xFF, 0xFF]),
            (65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func headersAreMinimal(length: Int, header: [UInt8]) {
        let frame = FrameEncoder.encodeOnce(.binary([UInt8](repeating: 5, count: length)))
        #expect(Array(frame.readableBytesView.prefix(header.count)) == header)
        #expect(frame.readableBytes == header.count + length)
        #expect(FrameEncoder.headerSize(for: length) == header.count)
    }

    @Test func closeReasonsAreCutAtACodePoint() {
        let frame = CloseFrame(code: .normal, reason: String(repeating: "€", count: 60))
        #expect(frame.payload.readableBytes == 2 + 123)
        #expect(CloseFrame.truncate(String(repeating: "ü", count: 100)).utf8.count == 122)
        #expect(CloseFrame.truncate(String(repeating: "a", count: 123)).utf8.count == 123)
    }

    @Test func forbiddenCodesAreNeverSent() {
        for code in [1005, 1006, 1015, 0, 999] as [UInt16] {
            var payload = CloseFrame(code: .init(rawValue: code)).payload
            #expect(payload.readInteger(as: UInt16.self) == 1011)
        }
    }
}

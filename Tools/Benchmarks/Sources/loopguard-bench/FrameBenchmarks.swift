@_spi(Benchmarks) import LoopguardWebSocket
import NIOCore
import NIOEmbedded
import NIOWebSocket

/// Frames taken apart and put together, against NIO's codec in an embedded channel (its decoder cannot run without one).
enum FrameBenchmarks {
    private static let framesPerRead = 16

    static func all(rounds: Int, count: Int) throws -> [Measurement] {
        try [64, 4096].flatMap { bytes -> [Measurement] in
            let reads = max(1, count / framesPerRead / (bytes / 64))
            return [
                try parse(rounds: rounds, reads: reads, payloadBytes: bytes),
                try encode(rounds: rounds, reads: reads, payloadBytes: bytes),
            ]
        }
    }

    private static func parse(rounds: Int, reads: Int, payloadBytes: Int) throws -> Measurement {
        let input = clientFrames(payloadBytes)
        let result = try interleaved(
            rounds: rounds,
            [
                {
                    var probe = FrameCodecProbe()
                    return perFrame(reads) { probe.parse(input) }
                },
                {
                    let channel = EmbeddedChannel()
                    _ = try? channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
                    return perFrame(reads) {
                        _ = try? channel.writeInbound(input)
                        var frames = 0
                        while let frame = try? channel.readInbound(as: WebSocketFrame.self) {
                            frames += frame.unmaskedData.readableBytes > 0 ? 1 : 0
                        }
                        return frames
                    }
                },
            ])
        return Measurement(
            name: "parse a masked frame of \(payloadBytes) bytes", unit: "ns", value: result[0], baseline: result[1],
            baselineName: "NIOWebSocket's decoder")
    }

    private static func encode(rounds: Int, reads: Int, payloadBytes: Int) throws -> Measurement {
        let payload = ByteBuffer(repeating: 0x61, count: payloadBytes)
        let message = WebSocketMessage(kind: .binary, payload: payload)
        let result = try interleaved(
            rounds: rounds,
            [
                {
                    perFrame(reads) {
                        var buffer = ByteBuffer()
                        for _ in 0..<framesPerRead { FrameCodecProbe.encode(message, into: &buffer) }
                        return buffer.readableBytes > 0 ? framesPerRead : 0
                    }
                },
                {
                    let channel = EmbeddedChannel()
                    _ = try? channel.pipeline.syncOperations.addHandler(WebSocketFrameEncoder())
                    return perFrame(reads) {
                        for _ in 0..<framesPerRead {
                            channel.write(WebSocketFrame(fin: true, opcode: .binary, data: payload), promise: nil)
                        }
                        channel.flush()
                        while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
                        return framesPerRead
                    }
                },
            ])
        return Measurement(
            name: "encode a frame of \(payloadBytes) bytes", unit: "ns", value: result[0], baseline: result[1],
            baselineName: "NIOWebSocket's encoder")
    }

    private static func perFrame(_ reads: Int, _ body: () -> Int) -> Double {
        var frames = 0
        let began = Clock.nowNs()
        for _ in 0..<reads { frames += body() }
        let took = Clock.nowNs() - began
        // A codec that lost a frame must not look fast.
        return frames == reads * framesPerRead ? Double(took) / Double(frames) : .nan
    }

    private static func clientFrames(_ payloadBytes: Int) -> ByteBuffer {
        let mask: [UInt8] = [1, 2, 3, 4]
        var buffer = ByteBuffer()
        for _ in 0..<framesPerRead {
            buffer.writeInteger(UInt8(0x82))
            if payloadBytes < 126 {
                buffer.writeInteger(0x80 | UInt8(payloadBytes))
            } else {
                buffer.writeInteger(UInt8(0x80 | 126))
                buffer.writeInteger(UInt16(payloadBytes))
            }
            buffer.writeBytes(mask)
            buffer.writeBytes((0..<payloadBytes).map { 0x61 ^ mask[$0 % 4] })
        }
        return buffer
    }
}

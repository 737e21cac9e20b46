import NIOCore
import Testing

@testable import LoopguardRedis

@Suite struct RedisCommandTests {
    @Test func argumentsAreBinarySafe() throws {
        var command = RedisCommand("CLIENT SETNAME", "ü")
        command.append([0, 13, 10, 255])
        command.append("")
        var buffer = ByteBuffer()
        try command.write(to: &buffer)
        let expected =
            Array("*5\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$2\r\nü\r\n$4\r\n".utf8) + [0, 13, 10, 255]
            + Array("\r\n$0\r\n\r\n".utf8)
        #expect(Array(buffer.readableBytesView) == expected)
    }

    @Test func wholeCommandReadsBackAsItself() throws {
        var command = RedisCommand("SUBSCRIBE")
        for number in 0..<600 { command.append("channel-\(number)") }
        var buffer = ByteBuffer()
        try command.write(to: &buffer)
        let reader = try RESPReader()
        try buffer.withUnsafeReadableBytes { try reader.feed($0) }
        let value = try #require(try reader.next())
        #expect(
            value == .array([.bulk(Array("SUBSCRIBE".utf8))] + (0..<600).map { .bulk(Array("channel-\($0)".utf8)) }))
    }
}

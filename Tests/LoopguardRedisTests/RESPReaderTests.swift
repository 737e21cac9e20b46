import LoopguardBus
import NIOCore
import NIOEmbedded
import Testing

@testable import LoopguardRedis

@Suite struct RESPReaderTests {
    private static let conversation =
        "+OK\r\n-ERR no\r\n:-42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$5\r\na\r\n\u{0}b\r\n*0\r\n"
        + "*3\r\n$7\r\nmessage\r\n*2\r\n:1\r\n*1\r\n$-1\r\n-WRONG inner\r\n"

    private static let values: [RESPValue] = [
        .simpleString("OK"), .error("ERR no"), .integer(-42), .null, .null, .bulk([]), .bulk([97, 13, 10, 0, 98]),
        .array([]),
        .array([
            .bulk(Array("message".utf8)), .array([.integer(1), .array([.null])]), .error("WRONG inner"),
        ]),
    ]

    private func read(_ pieces: [[UInt8]], _ limits: RESPReader.Limits = .init()) throws -> [RESPValue] {
        let reader = try RESPReader(limits: limits)
        var values: [RESPValue] = []
        for piece in pieces {
            try piece.withUnsafeBytes { try reader.feed($0) }
            while let value = try reader.next() { values.append(value) }
        }
        return values
    }

    @Test func everySplitReadsTheSame() throws {
        let bytes = Array(Self.conversation.utf8)
        for cut in 0...bytes.count {
            #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.values, "cut at \(cut)")
        }
        #expect(try read(bytes.map { [$0] }) == Self.values)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "!x\r\n", "$-2\r\n", "*1\r\n?\r\n", "\u{16}\u{3}\u{1}",
        String(repeating: "*1\r\n", count: 9) + ":1\r\n",
    ])
    func whatIsNoRESPIsAProtocolError(_ text: String) throws {
        let reader = try RESPReader()
        let error = #expect(throws: BusError.self) {
            try Array(text.utf8).withUnsafeBytes { try reader.feed($0) }
            while try reader.next() != nil {}
        }
        #expect(error?.code == .protocolViolation)
        #expect(throws: BusError.self, "it stays broken") { try reader.next() }
    }

    @Test func sevenLevelsAreRead() throws {
        let text = String(repeating: "*1\r\n", count: 7) + ":1\r\n"
        var expected = RESPValue.integer(1)
        for _ in 0..<7 { expected = .array([expected]) }
        #expect(try read([Array(text.utf8)]) == [expected])
    }

    @Test func hugeArrayHeaderAllocatesNothing() throws {
        var limits = RESPReader.Limits()
        limits.arrayElements = 4
        #expect(try read([Array("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n".utf8)], limits).count == 1)
        for header in ["*5\r\n", "*2147483647\r\n", "*1\r\n*5\r\n"] {
            #expect(throws: BusError.self, "\(header)") { try read([Array(header.utf8)], limits) }
        }
    }

    @Test func replyOverTheLimitIsRefusedBeforeItIsHeld() throws {
        var limits = RESPReader.Limits()
        limits.replyBytes = 100
        let fits = Array(("$90\r\n" + String(repeating: "x", count: 90) + "\r\n").utf8)
        #expect(try read([fits, fits, fits], limits).count == 3, "the limit is one reply's, not the connection's")
        let many = Array(repeating: fits, count: 10).flatMap { $0 }
        #expect(try read([many, many], limits).count == 20, "nor one piece's")
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 60)
        for start in ["$1000\r\n", "+", "*3\r\n$58\r\n"] {
            #expect(throws: BusError.self, "\(start)") { try read([Array(start.utf8), piece, piece, piece], limits) }
        }
    }

    /// Mutated conversations: values or a protocol error, never a trap, and the same whatever the pieces.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("*$+-:0123456789\r\nax".utf8)
        var limits = RESPReader.Limits()
        limits.arrayElements = 1000
        var failures = 0
        for _ in 0..<400 {
            var bytes = Array(Self.conversation.utf8)
            for _ in 0...Int(random.next() % 4) {
                let index = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[index] = alphabet[Int(random.next() % UInt64(alphabet.count))]
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                }
            }
            let whole = Result { try read([bytes], limits) }
            let single = Result { try read(bytes.map { [$0] }, limits) }
            switch (whole, single) {
            case (.success(let one), .success(let other)): #expect(one == other, "seed \(seed)")
            case (.failure, .failure): failures += 1
            default: Issue.record("seed \(seed): the pieces matter: \(bytes)")
            }
        }
        #expect(failures > 20)
    }

    @Test func decoderClosesAChannelThatSpeaksSomethingElse() throws {
        let channel = EmbeddedChannel(handler: try RESPDecoder())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).wait()
        try channel.writeInbound(ByteBuffer(string: "+PONG\r\n"))
        #expect(try channel.readInbound(as: RESPValue.self) == .simpleString("PONG"))
        #expect(throws: BusError.self) { try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n")) }
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }
}

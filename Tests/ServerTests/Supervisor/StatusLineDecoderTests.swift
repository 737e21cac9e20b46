import Testing

@testable import loopguard_server

struct StatusLineDecoderTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: 1...12)
    func linesAreTheSameHoweverTheyAreCut(_ size: Int) {
        var decoder = StatusLineDecoder()
        let stream = bytes("one\ntwo three\n\nfour\nrest")
        var outputs: [StatusLineDecoder.Output] = []
        var index = 0
        while index < stream.count {
            outputs += decoder.feed(stream[index..<min(index + size, stream.count)])
            index += size
        }
        #expect(outputs == [.line(bytes("one")), .line(bytes("two three")), .line(bytes("four"))])
        #expect(decoder.feed(bytes("\n")) == [.line(bytes("rest"))])
    }

    @Test(arguments: 1...7)
    func aLineOverTheLimitIsDroppedAndTheNextIsRead(_ size: Int) {
        var decoder = StatusLineDecoder(limit: 4)
        let stream = bytes("1234\n12345\n12\n1234567890\nab\n")
        var outputs: [StatusLineDecoder.Output] = []
        var index = 0
        while index < stream.count {
            outputs += decoder.feed(stream[index..<min(index + size, stream.count)])
            index += size
        }
        #expect(
            outputs == [
                .line(bytes("1234")), .tooLong(bytes: 5), .line(bytes("12")), .tooLong(bytes: 10), .line(bytes("ab")),
            ])
    }
}

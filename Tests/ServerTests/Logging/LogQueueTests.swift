import Testing

@testable import loopguard_server

struct LogQueueTests {
    @Test func linesComeOutInOrderInChunksThatEndWithALine() {
        var queue = LogQueue(limit: 1 << 20)
        let lines = (0..<500).map { "line \($0) \(String(repeating: "x", count: $0 % 90))\n" }
        for line in lines { queue.append(line) }
        let (chunks, dropped) = queue.take()
        #expect(chunks.joined() == lines.joined())
        #expect(dropped == 0)
        #expect(chunks.count > 1 && chunks.count < 20)
        for chunk in chunks {
            #expect(chunk.utf8.count <= LogQueue.chunkBytes)
            #expect(chunk.hasSuffix("\n"))
        }
        #expect(queue.isEmpty)
    }

    @Test func aLineLongerThanAChunkIsOneOfItsOwn() {
        var queue = LogQueue(limit: 1 << 20)
        let long = String(repeating: "y", count: 3 * LogQueue.chunkBytes) + "\n"
        for line in ["a\n", long, "b\n"] { queue.append(line) }
        #expect(queue.take().chunks == ["a\n", long, "b\n"])
    }

    @Test func overTheLimitLinesAreDroppedAndCountedOnce() {
        var queue = LogQueue(limit: 10)
        queue.append("1234\n")
        queue.append("5678\n")
        queue.append("9\n")
        queue.append("0\n")
        #expect(queue.waitingBytes == 10)
        #expect(queue.take() == (["1234\n5678\n"], 2))
        queue.append("again\n")
        #expect(queue.take() == (["again\n"], 0))
        #expect(queue.isEmpty)
    }

    @Test func onlyADropIsStillWorthTelling() {
        var queue = LogQueue(limit: 3)
        queue.append("too long\n")
        #expect(!queue.isEmpty)
        #expect(queue.take() == ([], 1))
    }
}

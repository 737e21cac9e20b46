import Foundation
import Testing

@testable import loopguard_server

struct LogWriterTests {
    @Test func aPipeThatNobodyReadsHoldsUpNobody() throws {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, limit: 1 << 20)
        // More than a pipe holds (64 KiB, pipe(7)), less than the limit: a blocking write would hang this test.
        let lines = (0..<4000).map { "line \($0) \(String(repeating: "x", count: 40))\n" }
        for line in lines { writer.write(line) }
        #expect(!writer.flush(seconds: 0.05))

        let expected = Data(lines.joined().utf8)
        var read = Data()
        while read.count < expected.count {
            guard let more = try pipe.fileHandleForReading.read(upToCount: expected.count - read.count) else { break }
            read.append(more)
        }
        #expect(read == expected)
        #expect(writer.flush(seconds: 10))
    }
}

import Testing

@testable import LoopguardCapture

@Suite struct AsyncChainTests {
    /// Contexts in a pretended memory: address → (parent, resume).
    private func walk(_ contexts: [UInt64: (UInt64, UInt64)], from: UInt64, limit: Int = 100) -> AsyncChain.Result {
        AsyncChain.walk(
            from: from, limit: limit,
            word: { address in contexts[address]?.0 ?? contexts[address &- 8]?.1 },
            isCode: { (0x400000..<0x500000).contains($0) })
    }

    @Test func inOrderUntilTheRoot() {
        let result = walk(
            [0x1000: (0x2000, 0x400010), 0x2000: (0x3000, 0x400020), 0x3000: (0, 0x400030)], from: 0x1000)
        #expect(result == .init(resumes: [0x400010, 0x400020, 0x400030], isIntact: true))
    }

    @Test func resumeOfZeroEnds() {
        #expect(walk([0x1000: (0x2000, 0)], from: 0x1000) == .init(resumes: [], isIntact: true))
    }

    @Test func nothing() { #expect(walk([:], from: 0) == .init(resumes: [], isIntact: true)) }

    @Test func reusedMemoryEndsTheChain() {
        #expect(
            walk([0x1000: (0x2000, 0x400010), 0x2000: (0x3000, 0xdead)], from: 0x1000)
                == .init(resumes: [0x400010], isIntact: false))
        #expect(
            walk([0x1000: (0x9000, 0x400010)], from: 0x1000) == .init(resumes: [0x400010], isIntact: false))
        #expect(walk([0x1001: (0, 0x400010)], from: 0x1001).isIntact == false)
        #expect(walk([:], from: UInt64.max - 7).isIntact == false)
    }

    @Test(arguments: 1...9) func cycleEnds(length: Int) {
        var contexts: [UInt64: (UInt64, UInt64)] = [:]
        for i in 0..<length {
            contexts[0x1000 + UInt64(i) * 16] = (0x1000 + UInt64((i + 1) % length) * 16, 0x400000 + UInt64(i))
        }
        let result = walk(contexts, from: 0x1000)
        #expect(!result.isIntact)
        #expect(result.resumes.count <= 4 * length + 2)
    }

    @Test func limitEnds() {
        var contexts: [UInt64: (UInt64, UInt64)] = [:]
        for i: UInt64 in 1...50 { contexts[i * 0x1000] = ((i + 1) * 0x1000, 0x400000 + i) }
        let result = walk(contexts, from: 0x1000, limit: 10)
        #expect(result.resumes.count == 10)
        #expect(walk(contexts, from: 0x1000, limit: 0).resumes.isEmpty)
    }
}

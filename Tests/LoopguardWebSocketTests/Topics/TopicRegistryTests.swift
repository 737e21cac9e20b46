import Testing

@testable import LoopguardWebSocket

@Suite struct TopicRegistryTests {
    @Test func countsOverLoops() {
        var registry = TopicRegistry(loops: 3)
        registry.retain("a")
        #expect(registry.isWanted("a") && registry.perLoop(of: "a").allSatisfy { $0 == 0 })
        registry.activate("a", loop: 2)
        registry.retain("a")
        registry.activate("a", loop: 0)
        #expect(registry.perLoop(of: "a").map { $0 > 0 } == [true, false, true])
        #expect(registry.subscribers(of: "a") == 2)
        registry.deactivate("a", loop: 2)
        #expect(registry.release("a") == false)
        #expect(registry.perLoop(of: "a").map { $0 > 0 } == [true, false, false])
        registry.deactivate("a", loop: 0)
        #expect(registry.release("a") == true, "the last one")
        #expect(registry.topics == 0)
        #expect(registry.release("a") == false)
    }
}

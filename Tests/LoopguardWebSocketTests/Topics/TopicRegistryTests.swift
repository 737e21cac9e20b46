import Testing

@testable import LoopguardWebSocket

@Suite struct TopicRegistryTests {
    @Test func countsOverLoops() {
        var registry = TopicRegistry(loops: 3)
        registry.retain("a")
        #expect(registry.isWanted("a") && registry.loops(of: "a").isEmpty)
        registry.activate("a", loop: 2)
        registry.retain("a")
        registry.activate("a", loop: 0)
        #expect(registry.loops(of: "a") == [0, 2])
        #expect(registry.subscribers(of: "a") == 2)
        registry.deactivate("a", loop: 2)
        #expect(registry.release("a") == false)
        #expect(registry.loops(of: "a") == [0])
        registry.deactivate("a", loop: 0)
        #expect(registry.release("a") == true, "the last one")
        #expect(registry.topics == 0)
        #expect(registry.release("a") == false)
    }
}

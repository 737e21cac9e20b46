import Logging
import Loopguard
import Testing

@Suite struct CorrelationIDTests {
    @Test(arguments: ["a", "req-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "A_b.c:d/e+f=@g"])
    func `accepts what tracing systems send`(text: String) {
        #expect(CorrelationID(validating: text)?.description == text)
    }

    @Test(arguments: ["", " ", "a b", "a\nb", "a\"b", "ä", "a\u{0}", String(repeating: "x", count: 129)])
    func `refuses what could end a log line or a header`(text: String) {
        #expect(CorrelationID(validating: text) == nil)
    }

    @Test func `minted identifiers are valid, of one length, and differ`() {
        let minted = (0..<1000).map { _ in CorrelationID.mint() }
        #expect(Set(minted).count == 1000)
        #expect(
            minted.allSatisfy { $0.description.utf8.count == 24 && CorrelationID(validating: $0.description) == $0 })
    }

    @Test func `the metadata provider names the running task's connection`() {
        #expect(Logger.MetadataProvider.loopguard.get().isEmpty)
        let id = CorrelationID.mint()
        let scope = HandlerScope(route: "/ws/echo", connection: "c1", correlationID: id, remoteAddress: nil)
        CorrelationID.$current.withValue(id) {
            HandlerScope.$current.withValue(scope) {
                let metadata = Logger.MetadataProvider.loopguard.get()
                #expect(metadata["correlation"] == "\(id)")
                #expect(metadata["route"] == "/ws/echo")
                #expect(metadata["connection"] == "c1")
            }
        }
    }
}

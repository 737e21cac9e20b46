import Loopguard
import Testing

@testable import loopguard_server

@Suite struct SelfTestRequestTests {
    private func refusal(_ query: String) -> SelfTestRequest.Refusal? {
        do {
            _ = try SelfTestRequest(query: query, maximumMilliseconds: 5_000)
            return nil
        } catch {
            return error
        }
    }

    @Test func `parameters are optional`() throws {
        let plain = try SelfTestRequest(query: "", maximumMilliseconds: 5_000)
        #expect(plain.worker == nil && plain.test == SelfTest(loop: "loop-0", milliseconds: 200, kind: .sleep))
        let full = try SelfTestRequest(query: "loop=loop-3&worker=2&ms=5000&kind=spin", maximumMilliseconds: 5_000)
        #expect(full.worker == 2 && full.test == SelfTest(loop: "loop-3", milliseconds: 5_000, kind: .spin))
    }

    @Test(arguments: ["ms=0", "ms=5001", "ms=", "ms=x", "worker=-1", "worker=x", "kind=nap", "loop=", "lop=loop-0"])
    func `nonsense is refused`(_ query: String) { #expect(refusal(query)?.status == 400) }

    @Test func `messages between supervisor and worker are told from a status`() {
        let command = SelfTestMessages.Command(id: 3, test: SelfTest(), maximumMilliseconds: 9)
        #expect(SelfTestMessages.command(SelfTestMessages.line(command)) == command)
        let answer = SelfTestMessages.Answer(id: 3, refusal: .init(404, "no"))
        #expect(SelfTestMessages.answer(Array(SelfTestMessages.line(answer).dropLast())) == answer)
        #expect(SelfTestMessages.answer(Array("{\"id\":3}".utf8)) == nil)
        #expect(SelfTestMessages.command(Array("nonsense".utf8)) == nil)
    }
}

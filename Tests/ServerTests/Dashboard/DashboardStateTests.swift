import Foundation
import Testing

@testable import loopguard_server

struct DashboardStateTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func cpu(_ sequence: UInt64) -> [UInt8] {
        DashboardMessages.encode(DashboardMessages.CPU(atMs: 1, value: 1, seq: sequence, producer: "h/1"))
    }
    private func worker(_ number: Int, host: String = "h", stalls: [DashboardMessages.StallLine] = []) -> [UInt8] {
        DashboardMessages.encode(
            DashboardMessages.WorkerLine(
                host: host, worker: number, pid: Int32(number), connections: number, stalls: 2, stalledLoops: 0,
                newest: stalls))
    }
    private func stall(_ id: String, atMs: Int64, ongoing: Bool = false) -> DashboardMessages.StallLine {
        let json =
            #"{"id":"\#(id)","worker":1,"loop":"loop-0","at_ms":\#(atMs),"duration_ms":5,"ongoing":\#(ongoing),"cause":"c"}"#
        guard let line = DashboardMessages.decode(DashboardMessages.StallLine.self, from: Array(json.utf8)) else {
            preconditionFailure("the test's own JSON is wrong")
        }
        return line
    }

    @Test func theCPUMessageHasTheDocumentedForm() {
        let message = DashboardMessages.CPU(atMs: 1_700_000_000_123, value: 12.5, seq: 7, producer: "h/1")
        #expect(
            String(decoding: DashboardMessages.encode(message), as: UTF8.self)
                == #"{"at_ms":1700000000123,"producer":"h/1","seq":7,"type":"cpu","value":12.5}"#)
    }

    @Test func theHelloHasTheDocumentedForm() {
        let hello = DashboardMessages.Hello(
            worker: 2, host: "h", pid: 9, connection: "c1", correlation: "x", thresholdMs: 50, demo: true)
        #expect(
            String(decoding: DashboardMessages.encode(hello), as: UTF8.self)
                == #"{"connection":"c1","correlation":"x","demo":true,"host":"h","pid":9,"threshold_ms":50,"#
                + #""type":"hello","worker":2}"#)
    }

    @Test func aLateTabGetsTheSeriesAsItCameAndTheNewestOfTheRest() {
        var state = DashboardState()
        state.received(cpu(1))
        state.received(bytes(#"{"type":"workers","n":1}"#))
        state.received(cpu(2))
        state.received(bytes(#"{"type":"workers","n":2}"#))
        state.received(bytes(#"{"type":"stalls"}"#))
        #expect(
            state.catchUp == [cpu(1), cpu(2), bytes(#"{"type":"workers","n":2}"#), bytes(#"{"type":"stalls"}"#)])
    }

    @Test func theSeriesOnlyGoesForwardAndIsBounded() {
        var state = DashboardState()
        for sequence in UInt64(1)...100 { state.received(cpu(sequence)) }
        state.received(cpu(50))
        state.received(cpu(100))
        #expect(state.series.map(\.seq) == Array(41...100))
    }

    @Test func whoeverTakesOverGoesOnWithTheNextNumber() {
        var state = DashboardState()
        #expect(state.nextCPU(value: 1, producer: "a", atMilliseconds: 0).seq == 1)
        state.received(cpu(41))
        #expect(state.nextCPU(value: 1, producer: "b", atMilliseconds: 0).seq == 42)
    }

    @Test(arguments: [
        "", "{", "[]", "7", #"{"type":7}"#, #"{"type":"cpu"}"#, #"{"type":"cpu","seq":-1}"#, #"{"type":"x"}"#,
    ])
    func rubbishIsIgnored(_ text: String) {
        var state = DashboardState()
        state.received(bytes(text))
        state.receivedWorker(bytes(text), atMilliseconds: 0)
        #expect(state.catchUp.isEmpty)
        #expect(state.workersMessage(atMilliseconds: 0).workers.isEmpty)
    }

    @Test func workersAreSortedAndForgottenWhenTheyAreSilent() {
        var state = DashboardState()
        state.receivedWorker(worker(2), atMilliseconds: 0)
        state.receivedWorker(worker(1), atMilliseconds: 5_000)
        #expect(state.workersMessage(atMilliseconds: 6_000).workers.map(\.worker) == [1, 2])
        #expect(state.workersMessage(atMilliseconds: 7_001).workers.map(\.worker) == [1])
        #expect(state.workersMessage(atMilliseconds: 12_001).workers.isEmpty)
    }

    @Test func stallsOfAllWorkersAreMergedOngoingFirstThenNewest() {
        var state = DashboardState()
        state.receivedWorker(
            worker(1, stalls: [stall("a", atMs: 3), stall("b", atMs: 1, ongoing: true)]), atMilliseconds: 0)
        state.receivedWorker(worker(2, stalls: (10..<30).map { stall("n\($0)", atMs: $0) }), atMilliseconds: 0)
        let message = state.stallsMessage(atMilliseconds: 0)
        #expect(message.total == 4)
        #expect(message.stalls.count == DashboardState.stallLimit)
        #expect(message.stalls.prefix(2).map(\.id) == ["b", "n29"])
    }

    @Test func thePageAllowsOnlyItsOwnScript() {
        let html = DashboardPage.html(nonce: "abc123")
        #expect(!html.contains("{{"))
        #expect(html.contains(#"<script nonce="abc123">"#))
        #expect(html.contains(#"<style nonce="abc123">"#))
        #expect(html.firstMatch(of: /\son[a-z]+=/) == nil, "inline handlers would be blocked by the policy")
        #expect(html.firstMatch(of: /\sstyle="/) == nil)
        let policy = DashboardPage.policy(nonce: "abc123")
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src 'nonce-abc123'"))
        #expect(DashboardPage.makeNonce() != DashboardPage.makeNonce())
    }
}

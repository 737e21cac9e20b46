import LoopguardCore
import Synchronization

/// Figures of a server that are not a loop's: accepted, refused, closed.
final class ServerMetrics: Sendable {
    private struct State {
        var accepted: UInt64 = 0
        var handshakes: UInt64 = 0
        var refused: [String: UInt64] = [:]
        var closes: [String: UInt64] = [:]
        var handlerErrors: UInt64 = 0
    }
    private let state = Mutex(State())

    func accepted() { state.withLock { $0.accepted += 1 } }
    func handshaken() { state.withLock { $0.handshakes += 1 } }
    func refused(_ reason: String) { state.withLock { $0.refused[reason, default: 0] += 1 } }
    func handlerFailed() { state.withLock { $0.handlerErrors += 1 } }
    func closed(_ code: WebSocketCloseCode) {
        state.withLock { $0.closes[Self.label(code), default: 0] += 1 }
    }

    /// Clients choose codes: only the registered ones and ours get a series of their own.
    private static func label(_ code: WebSocketCloseCode) -> String {
        switch code.rawValue {
        case 1000...1015, 4001, 4002: code.description
        case 3000...3999: "3xxx"
        case 4000...4999: "4xxx"
        default: "other"
        }
    }

    func samples(loops: LoopCounters.Snapshot, connections: Int) -> [MetricSample] {
        let state = state.withLock { $0 }
        let prefix = "loopguard_websocket_"
        var samples: [MetricSample] = []
        func add(
            _ name: String, _ help: String, _ kind: MetricSample.Kind, _ value: Double, _ labels: [String: String] = [:]
        ) {
            samples.append(MetricSample(name: prefix + name, help: help, kind: kind, labels: labels, value: value))
        }
        add("connections", "Open connections, handshakes included.", .gauge, Double(connections))
        add("open", "Open WebSockets.", .gauge, Double(loops.webSockets))
        add("handlers", "Running handlers.", .gauge, Double(loops.handlers))
        add("accepted_total", "Accepted connections.", .counter, Double(state.accepted))
        add("handshakes_total", "Completed WebSocket handshakes.", .counter, Double(state.handshakes))
        add("handler_errors_total", "Handlers that ended with an error.", .counter, Double(state.handlerErrors))
        for (reason, count) in state.refused.sorted(by: { $0.key < $1.key }) {
            add("refused_total", "Refused connections and requests.", .counter, Double(count), ["reason": reason])
        }
        for (code, count) in state.closes.sorted(by: { $0.key < $1.key }) {
            add("closed_total", "Closed WebSockets.", .counter, Double(count), ["code": code])
        }
        add("received_messages_total", "Messages received.", .counter, Double(loops.messagesIn))
        add("received_bytes_total", "Bytes received after the handshake.", .counter, Double(loops.bytesIn))
        add("sent_messages_total", "Messages handed to the kernel.", .counter, Double(loops.messagesOut))
        add("sent_bytes_total", "Bytes handed to the kernel after the handshake.", .counter, Double(loops.bytesOut))
        for reason in OutboundQueue.DropReason.allCases {
            add(
                "dropped_messages_total", "Broadcast messages not sent to a client.", .counter,
                Double(loops.drops[reason] ?? 0), ["reason": reason.rawValue])
        }
        return samples
    }
}

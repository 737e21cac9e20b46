import Synchronization

/// Counts connections in total and per address, and says who may come in. Any thread.
final class ConnectionLedger: Sendable {
    enum Admission: Sendable, Equatable {
        case admitted
        /// Let it in as far as an answer 503 needs; the reason is counted.
        case refused(String)
        /// Even answers would be too many: close at once.
        case rejected
    }

    /// Connections over the limit that are being answered, at most.
    static let maximumRefusals = 256

    private struct State {
        var open = 0
        var perAddress: [String: Int] = [:]
        var refusals = 0
    }
    private let state = Mutex(State())
    private let maximum: Int
    private let maximumPerAddress: Int

    init(maximum: Int, maximumPerAddress: Int) {
        self.maximum = maximum
        self.maximumPerAddress = maximumPerAddress
    }

    /// Connections that are open, the ones being refused included.
    var count: Int { state.withLock { $0.open + $0.refusals } }

    func open(_ address: String) -> Admission {
        state.withLock { state in
            let perAddress = state.perAddress[address] ?? 0
            let reason: String? =
                if state.open >= maximum {
                    "max_connections"
                } else if maximumPerAddress > 0,
                    perAddress >= maximumPerAddress
                { "max_connections_per_ip" } else { nil }
            if let reason {
                guard state.refusals < Self.maximumRefusals else { return .rejected }
                state.refusals += 1
                return .refused(reason)
            }
            state.open += 1
            if maximumPerAddress > 0 { state.perAddress[address] = perAddress + 1 }
            return .admitted
        }
    }

    func close(_ address: String, _ admission: Admission) {
        state.withLock { state in
            switch admission {
            case .admitted:
                state.open -= 1
                guard maximumPerAddress > 0, let count = state.perAddress[address] else { return }
                state.perAddress[address] = count > 1 ? count - 1 : nil
            case .refused: state.refusals -= 1
            case .rejected: return
            }
        }
    }
}

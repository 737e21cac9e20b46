/// What a worker knows of the dashboard from the bus: it greets tabs that come late, and lets any worker take over as
/// producer without a break in the series. Pure.
struct DashboardState {
    /// Points that are kept for late tabs.
    static let historyLimit = 60
    /// A worker that has not been heard of for this long is left out.
    static let workerLifetimeMilliseconds: Int64 = 7_000
    /// Stalls in one message.
    static let stallLimit = 12

    /// The newest values as they came, oldest first.
    private(set) var series: [(seq: UInt64, bytes: [UInt8])] = []
    private(set) var lastSequence: UInt64 = 0
    private var lastByType: [String: [UInt8]] = [:]
    private var workers: [String: (line: DashboardMessages.WorkerLine, atMilliseconds: Int64)] = [:]

    private struct Kind: Decodable {
        var type: String
        var seq: UInt64?
    }

    /// A message of ``DashboardMessages/topic``. Anything that is none of ours is ignored.
    mutating func received(_ bytes: [UInt8]) {
        guard bytes.count <= 1 << 20, let kind = DashboardMessages.decode(Kind.self, from: bytes) else { return }
        if kind.type == "cpu", let sequence = kind.seq {
            // After a loss of Redis' state two producers may overlap for a moment: the series only goes forward.
            guard sequence > lastSequence else { return }
            lastSequence = sequence
            series.append((sequence, bytes))
            if series.count > Self.historyLimit { series.removeFirst(series.count - Self.historyLimit) }
        } else if kind.type == "workers" || kind.type == "stalls" {
            lastByType[kind.type] = bytes
        }
    }

    /// A message of ``DashboardMessages/workersTopic``.
    mutating func receivedWorker(_ bytes: [UInt8], atMilliseconds now: Int64) {
        guard bytes.count <= 1 << 20,
            let line = DashboardMessages.decode(DashboardMessages.WorkerLine.self, from: bytes)
        else { return }
        workers["\(line.host)/\(line.worker)"] = (line, now)
        workers = workers.filter { now - $0.value.atMilliseconds <= Self.workerLifetimeMilliseconds }
    }

    /// What a tab gets that has just come.
    var catchUp: [[UInt8]] { series.map(\.bytes) + ["workers", "stalls"].compactMap { lastByType[$0] } }

    mutating func nextCPU(value: Double, producer: String, atMilliseconds now: Int64) -> DashboardMessages.CPU {
        DashboardMessages.CPU(atMs: now, value: value, seq: lastSequence + 1, producer: producer)
    }

    func workersMessage(atMilliseconds now: Int64) -> DashboardMessages.Workers {
        DashboardMessages.Workers(
            atMs: now,
            workers: living(now).map {
                .init(
                    host: $0.host, worker: $0.worker, pid: $0.pid, connections: $0.connections, stalls: $0.stalls,
                    stalledLoops: $0.stalledLoops)
            })
    }

    func stallsMessage(atMilliseconds now: Int64) -> DashboardMessages.Stalls {
        let lines = living(now)
        let newest = lines.flatMap(\.newest).sorted { ($0.ongoing ? 1 : 0, $0.atMs) > ($1.ongoing ? 1 : 0, $1.atMs) }
        return DashboardMessages.Stalls(
            atMs: now, total: lines.reduce(0) { $0 &+ $1.stalls }, stalls: Array(newest.prefix(Self.stallLimit)))
    }

    private func living(_ now: Int64) -> [DashboardMessages.WorkerLine] {
        workers.values.filter { now - $0.atMilliseconds <= Self.workerLifetimeMilliseconds }.map(\.line)
            .sorted { ($0.host, $0.worker) < ($1.host, $1.worker) }
    }
}

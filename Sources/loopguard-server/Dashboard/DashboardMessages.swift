import Foundation
import LoopguardCore

/// Messages of `/ws/dashboard`, all JSON objects with a `type`.
enum DashboardMessages {
    /// The topic whose messages go to all tabs.
    static let topic = "dashboard"
    /// Where workers tell each other about themselves.
    static let workersTopic = "dashboard.workers"

    /// One value of the series; the same bytes for every tab on every worker.
    struct CPU: Codable, Sendable, Equatable {
        var type = "cpu"
        /// Wall clock of the measurement, milliseconds since 1970.
        var atMs: Int64
        /// Per cent of all cores.
        var value: Double
        /// Counts up by one, across producers.
        var seq: UInt64
        /// The worker that measured.
        var producer: String
    }

    /// One connection's own facts, sent first.
    struct Hello: Codable, Sendable, Equatable {
        var type = "hello"
        var worker: Int
        var host: String
        var pid: Int32
        var connection: String
        var correlation: String
        var thresholdMs: Int
        var demo: Bool
    }

    /// What a worker tells the others every two seconds.
    struct WorkerLine: Codable, Sendable, Equatable {
        var host: String
        var worker: Int
        var pid: Int32
        var connections: Int
        var stalls: UInt64
        var stalledLoops: Int
        var newest: [StallLine]
    }

    /// All workers, put together by the producer.
    struct Workers: Codable, Sendable, Equatable {
        var type = "workers"
        var atMs: Int64
        var workers: [WorkerSummary]
    }

    struct WorkerSummary: Codable, Sendable, Equatable {
        var host: String
        var worker: Int
        var pid: Int32
        var connections: Int
        var stalls: UInt64
        var stalledLoops: Int
    }

    /// The newest stalls of all workers.
    struct Stalls: Codable, Sendable, Equatable {
        var type = "stalls"
        var atMs: Int64
        var total: UInt64
        var stalls: [StallLine]
    }

    /// One stall in a line.
    struct StallLine: Codable, Sendable, Equatable {
        var id: String
        var worker: Int
        var loop: String
        var atMs: Int64
        var durationMs: Int64
        var ongoing: Bool
        var cause: String
        var route: String?
        var place: String?

        init(_ report: StallReport) {
            id = report.id
            worker = report.worker
            loop = report.loop
            atMs = report.startedAtUnixNs / 1_000_000
            durationMs = Int64(clamping: report.durationNs / 1_000_000)
            ongoing = report.ongoing
            cause = report.cause.summary
            route = report.scope?.route
            let frames = report.samples.first?.frames ?? []
            if let frame = frames.first(where: { !$0.isRuntime && $0.function != nil }) {
                let file = frame.file.map { String($0.split(separator: "/").last ?? "") }
                place = (frame.function ?? "?") + (file.map { " · \($0):\(frame.line ?? 0)" } ?? "")
            }
        }
    }

    /// Keys in snake case, sorted.
    static func encode(_ message: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "+Inf", negativeInfinity: "-Inf", nan: "NaN")
        return (try? encoder.encode(message)).map(Array.init) ?? []
    }

    static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) -> T? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(type, from: Data(bytes))
    }
}

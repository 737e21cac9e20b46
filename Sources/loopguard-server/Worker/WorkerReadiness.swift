/// Why a worker should get no traffic.
enum WorkerReadiness {
    static let draining = "draining"
    /// Drained; its last message.
    static let ended = "ended"
    static let starting = "starting"

    static func bus(_ detail: String) -> String { "bus: \(detail)" }
}

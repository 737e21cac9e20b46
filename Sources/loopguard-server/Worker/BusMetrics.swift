import LoopguardBus
import LoopguardCore

/// The bus' state as figures.
enum BusMetrics {
    static func samples(_ status: BusStatus) -> [MetricSample] {
        func counter(_ name: String, _ help: String, _ value: UInt64) -> MetricSample {
            MetricSample(name: "loopguard_bus_\(name)_total", help: help, kind: .counter, value: Double(value))
        }
        return [
            MetricSample(
                name: "loopguard_bus_available", help: "1 when publishing is expected to work.", kind: .gauge,
                value: status.isAvailable ? 1 : 0),
            counter("reconnects", "Connections to the broker made anew.", status.reconnects),
            counter("published", "Messages that the bus took.", status.published),
            counter("publish_failed", "Messages that the bus did not take.", status.publishFailed),
            counter("delivered", "Messages that came from the bus.", status.delivered),
            counter("repaired", "Messages read from a topic's history after a gap.", status.repaired),
            counter("lost", "Messages known to be lost.", status.lost),
        ]
    }
}

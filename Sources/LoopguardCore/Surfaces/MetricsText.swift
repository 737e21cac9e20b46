/// `/metrics`: the Prometheus text format, version 0.0.4.
///
/// Each family has its HELP and TYPE once, however many workers tell about it; every series carries the worker's number.
public enum MetricsText {
    /// The media type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All figures of all workers.
    public static func render(_ cluster: ClusterStatus) -> String {
        var families = MetricFamilies()
        for view in cluster.workers {
            let labels = [("worker", "\(view.worker)")]
            families.gauge("loopguard_worker_up", "1 when the worker runs and is heard.", labels, view.isUp ? 1 : 0)
            families.gauge(
                "loopguard_worker_silent_seconds", "Time since the worker's last message.", labels,
                view.silentForNs.seconds
            )
            families.counter(
                "loopguard_worker_restarts_total", "Restarts of the worker.", labels, Double(view.restarts))
            guard let status = view.status else { continue }
            worker(status, labels, &families)
            loops(status, labels, &families)
            stalls(status.stalls, labels, &families)
            offload(status.offload, labels, &families)
            for sample in status.metrics { families.add(sample, labels) }
        }
        return families.text
    }

    private static func worker(_ s: WorkerStatus, _ labels: [(String, String)], _ out: inout MetricFamilies) {
        out.gauge("loopguard_worker_ready", "1 when the worker is ready.", labels, s.notReady.isEmpty ? 1 : 0)
        out.gauge(
            "loopguard_worker_start_time_seconds", "Start of the worker, seconds since 1970.", labels,
            Double(s.startedAtUnixNs) / 1e9
        )
        out.gauge("loopguard_stall_threshold_seconds", "A longer tick is a stall.", labels, s.thresholdNs.seconds)
        out.gauge(
            "loopguard_degradations", "Facilities missing on this machine.", labels, Double(s.degradations.count)
        )
    }

    private static func loops(_ s: WorkerStatus, _ worker: [(String, String)], _ out: inout MetricFamilies) {
        for loop in s.loops {
            let labels = worker + [("loop", loop.name)]
            out.gauge("loopguard_loop_connections", "Connections on the loop.", labels, Double(loop.connections))
            out.counter("loopguard_loop_ticks_total", "Ticks of the loop.", labels, Double(loop.ticks))
            out.counter("loopguard_loop_jobs_total", "Executor jobs run on the loop.", labels, Double(loop.jobs))
            out.gauge(
                "loopguard_loop_busy_seconds", "Age of the running tick, 0 when the loop waits.", labels,
                loop.busyForNs.seconds
            )
            out.gauge("loopguard_loop_stalled", "1 while the loop is stalled.", labels, loop.stalled ? 1 : 0)
            out.gauge("loopguard_stall_max_seconds", "Longest stall so far.", labels, loop.lateMaxNs.seconds)
            histogram(loop, threshold: s.thresholdNs, labels, &out)
        }
    }

    /// Bucket i of a loop holds stalls from threshold × 2^i to threshold × 2^(i+1); the last one is open.
    private static func histogram(
        _ loop: LoopStatus, threshold: UInt64, _ labels: [(String, String)], _ out: inout MetricFamilies
    ) {
        var cumulative: UInt64 = 0
        var lines: [(String, UInt64)] = []
        var edge = threshold
        for count in loop.lateBuckets.dropLast() {
            cumulative = cumulative.saturatingAdd(count)
            edge = edge.saturatingMultiply(2)
            lines.append((MetricFamilies.number(edge.seconds), cumulative))
        }
        cumulative = cumulative.saturatingAdd(loop.lateBuckets.last ?? 0)
        // The counts are read without a lock: the total must not be less than its parts.
        let total = max(cumulative, loop.lateTicks)
        lines.append(("+Inf", total))
        out.histogram(
            "loopguard_stall_seconds", "Stalls by length, exact, whether or not a stack was caught.", labels,
            buckets: lines, sum: loop.lateTotalNs.seconds, count: total
        )
    }

    private static func stalls(_ s: StallsStatus, _ labels: [(String, String)], _ out: inout MetricFamilies) {
        out.counter("loopguard_stalls_total", "Stalls since the start.", labels, Double(s.total))
        out.counter(
            "loopguard_stall_reports_suppressed_total", "Reports not kept in full: their site had had many.", labels,
            Double(s.suppressed)
        )
        out.gauge(
            "loopguard_stalls_ongoing", "Stalls going on.", labels, Double(s.ongoing.count { $0.kind != .blockingCall })
        )
        out.gauge("loopguard_stall_sites", "Places remembered.", labels, Double(s.sites.count))
        out.counter(
            "loopguard_stall_sites_evicted_total", "Places forgotten to make room for others.", labels,
            Double(s.evictedSites)
        )
    }

    private static func offload(_ s: OffloadStatus, _ labels: [(String, String)], _ out: inout MetricFamilies) {
        out.gauge("loopguard_offload_threads", "Threads of the blocking pool.", labels, Double(s.threads))
        out.gauge("loopguard_offload_running", "Offloaded jobs running.", labels, Double(s.running))
        out.gauge("loopguard_offload_queued", "Offloaded jobs waiting for a thread.", labels, Double(s.queued))
        out.gauge("loopguard_offload_queue_limit", "Jobs that may wait.", labels, Double(s.queueLimit))
        out.gauge(
            "loopguard_offload_oldest_queued_seconds", "Age of the job that has waited longest.", labels,
            s.oldestQueuedNs.seconds
        )
        let results = [
            ("completed", s.completed), ("failed", s.failed), ("rejected", s.rejected), ("cancelled", s.cancelled),
        ]
        for (result, count) in results {
            out.counter(
                "loopguard_offload_jobs_total", "Offloaded jobs by result.", labels + [("result", result)],
                Double(count)
            )
        }
        out.counter(
            "loopguard_offload_nested_total", "Calls of offload from within offloaded work.", labels, Double(s.nested))
        for name in s.byName {
            let labels = labels + [("name", name.name)]
            out.counter(
                "loopguard_offload_name_jobs_total", "Offloaded jobs by name.", labels, Double(name.completed)
            )
            out.counter(
                "loopguard_offload_name_seconds_total", "Time spent in offloaded jobs, by name.", labels,
                name.totalNs.seconds
            )
            out.counter(
                "loopguard_offload_name_cpu_seconds_total", "CPU time of offloaded jobs, by name.", labels,
                name.cpuNs.seconds
            )
            out.gauge(
                "loopguard_offload_name_max_seconds", "Longest offloaded job, by name.", labels, name.maxNs.seconds
            )
        }
    }
}

extension UInt64 {
    fileprivate var seconds: Double { Double(self) / 1e9 }
}

extension ClusterStatus.WorkerView {
    /// Running, and heard of.
    var isUp: Bool { state == "running" && status != nil }
}

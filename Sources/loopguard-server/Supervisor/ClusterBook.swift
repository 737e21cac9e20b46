import LoopguardCore

/// What the supervisor knows of its workers, for the admin address. Pure.
struct ClusterBook {
    /// A worker that has said nothing for this long is shown as silent.
    static let silentAfter = Duration.seconds(2)

    struct Entry {
        var process: Int
        var pid: Int32
        var heardAt: Duration
        var status: WorkerStatus?
        /// Lines that could not be read.
        var garbage: UInt64 = 0
        /// Checks in a row in which nothing new had been heard.
        var quietChecks = 0
    }

    private struct Slot {
        var current: Entry?
        var draining: Entry?
        var restarts = 0
    }
    private var slots: [Slot]

    init(workers: Int) { slots = Array(repeating: Slot(), count: workers) }

    mutating func spawned(slot: Int, process: Int, pid: Int32, restarts: Int, at now: Duration) {
        guard slots.indices.contains(slot - 1) else { return }
        slots[slot - 1].draining = slots[slot - 1].current
        slots[slot - 1].current = Entry(process: process, pid: pid, heardAt: now)
        slots[slot - 1].restarts = restarts
    }

    mutating func heard(process: Int, status: WorkerStatus, at now: Duration) {
        update(process) { entry in
            entry.heardAt = now
            entry.quietChecks = 0
            var status = status
            if status.stalls.isAbridged {
                status.stalls.recent = entry.status?.stalls.recent ?? []
                status.stalls.sites = entry.status?.stalls.sites ?? []
                status.stalls.timeline = entry.status?.stalls.timeline ?? []
                status.stalls.isAbridged = false
            }
            entry.status = status
        }
    }

    /// Call about once a second; returns processes that were up and have said nothing in `limit` checks in a row.
    ///
    /// Checks are counted, not time: after a suspended machine or a stopped supervisor wakes up, everybody has been silent for
    /// long and nobody is to blame.
    mutating func checkSilence(limit: Int) -> [Int] {
        var silent: [Int] = []
        func check(_ entry: inout Entry?) {
            guard entry?.status != nil, let process = entry?.process else { return }
            entry?.quietChecks += 1
            if let checks = entry?.quietChecks, checks > limit { silent.append(process) }
        }
        for index in slots.indices {
            check(&slots[index].current)
            check(&slots[index].draining)
        }
        return silent
    }

    mutating func heardGarbage(process: Int) { update(process) { $0.garbage += 1 } }

    mutating func gone(process: Int) {
        for index in slots.indices {
            if slots[index].current?.process == process {
                slots[index].current = slots[index].draining
                slots[index].draining = nil
            } else if slots[index].draining?.process == process {
                slots[index].draining = nil
            }
        }
    }

    private mutating func update(_ process: Int, _ body: (inout Entry) -> Void) {
        for index in slots.indices {
            if slots[index].current?.process == process, var entry = slots[index].current {
                body(&entry)
                slots[index].current = entry
            } else if slots[index].draining?.process == process, var entry = slots[index].draining {
                body(&entry)
                slots[index].draining = entry
            }
        }
    }

    func view(at now: Duration) -> ClusterStatus {
        var views: [ClusterStatus.WorkerView] = []
        for (index, slot) in slots.enumerated() {
            if let entry = slot.current {
                views.append(view(entry, index: index, restarts: slot.restarts, now))
            } else {
                views.append(
                    .init(
                        worker: index + 1, pid: 0, state: "restarting", silentForNs: 0, restarts: slot.restarts,
                        status: nil))
            }
            if let entry = slot.draining {
                var view = view(entry, index: index, restarts: slot.restarts, now)
                view.state = "draining"
                views.append(view)
            }
        }
        return ClusterStatus(workers: views)
    }

    private func view(_ entry: Entry, index: Int, restarts: Int, _ now: Duration) -> ClusterStatus.WorkerView {
        let silence = max(.zero, now - entry.heardAt)
        let state =
            if entry.status == nil {
                "starting"
            } else if silence > Self.silentAfter {
                "silent"
            } else if entry.status?.notReady.contains(WorkerReadiness.draining) == true {
                "draining"
            } else {
                "running"
            }
        var status = entry.status
        if entry.garbage > 0 {
            status?.metrics.append(
                MetricSample(
                    name: "loopguard_supervisor_unreadable_status_total",
                    help: "Status lines of the worker that the supervisor could not read.", kind: .counter,
                    value: Double(entry.garbage)))
        }
        let (seconds, attoseconds) = silence.components
        return .init(
            worker: index + 1, pid: entry.pid, state: state,
            silentForNs: UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000),
            restarts: restarts, status: status)
    }
}

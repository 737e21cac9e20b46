import LoopguardCore

/// What the supervisor has heard of all worker processes of the run, those included that have gone. Pure.
struct RunBook {
    private struct Process {
        var loops: [LoopStatus] = []
        var tally: StallTally
        var isConnected = true
        var hasToldAll = false
    }

    private let boundsNs: [UInt64]
    private var processes: [Int: Process] = [:]
    /// Of processes that have gone: restarts must not make this grow.
    private var past: RunFigures

    init(budget: StallBudget?) {
        boundsNs = budget?.boundsNs ?? []
        past = RunFigures(tally: StallTally(boundsNs: boundsNs))
    }

    mutating func connected(process: Int) { processes[process] = Process(tally: StallTally(boundsNs: boundsNs)) }

    mutating func heard(process: Int, status: WorkerStatus) {
        guard processes[process] != nil else { return }
        processes[process]?.loops = status.loops
        if let tally = status.tally { processes[process]?.tally = tally }
        if status.notReady.contains(WorkerReadiness.ended) { processes[process]?.hasToldAll = true }
    }

    /// Nothing more will be heard of it: its end of the socket pair is closed.
    mutating func disconnected(process: Int) {
        guard let gone = processes.removeValue(forKey: process) else { return }
        past.merge(figures(gone, isOver: true))
    }

    /// Processes of which something may still be heard.
    var connected: Int { processes.count }

    var figures: RunFigures {
        processes.values.reduce(into: past) { $0.merge(figures($1, isOver: false)) }
    }

    private func figures(_ process: Process, isOver: Bool) -> RunFigures {
        var figures = RunFigures(loops: process.loops, tally: process.tally)
        figures.cutShort = isOver && process.hasToldAll ? 0 : 1
        return figures
    }
}

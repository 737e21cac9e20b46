/// Decides which worker processes live: start, restart with back-off, rolling restart, drain, end.
///
/// Pure. Times count from the supervisor's start. Processes are known by the number that the machine gives them at
/// ``Action/spawn(slot:process:)``; a slot is a worker's place, 1 to `workers`, and keeps its number over restarts.
struct SupervisorStateMachine {
    struct Configuration: Sendable, Equatable {
        var workers: Int
        /// Waits before a restart: doubled with every failure in a row.
        var firstBackoff = Duration.milliseconds(100)
        var longestBackoff = Duration.seconds(30)
        /// A worker that has been up for this long has recovered: the next failure is the first again.
        var stableAfter = Duration.seconds(10)
        /// A worker that is not ready by then is killed, at the next ``Event/timer``: send one about every second.
        var startTimeout = Duration.seconds(60)
        /// From SIGTERM to SIGKILL.
        var drain: Duration

        init(workers: Int, drain: Duration) {
            self.workers = workers
            self.drain = drain
        }
    }

    enum Event: Equatable {
        case start
        /// The worker listens.
        case ready(process: Int)
        /// `code` is nil when a signal ended it.
        case exited(process: Int, code: Int32?)
        /// A time asked for by ``Action/wake(at:)`` has come. Early or superfluous ones do no harm.
        case timer
        /// The worker was up and has said nothing for too long.
        case silent(process: Int)
        case terminate
        case reload
    }

    enum Action: Equatable {
        case spawn(slot: Int, process: Int)
        /// SIGTERM.
        case terminate(process: Int)
        /// SIGKILL.
        case kill(process: Int)
        case wake(at: Duration)
        case log(Notice)
        /// All workers are gone.
        case exit(code: Int32)
    }

    enum Notice: Equatable {
        case startTimedOut(slot: Int)
        case killedSilent(slot: Int)
        case restarting(slot: Int, after: Duration)
        case givingUp(code: Int32)
        case reloadStarted
        case reloadFinished
        case reloadAborted(slot: Int)
        case reloadRefused
        case draining
        case cutting
    }

    struct Process: Equatable {
        var number: Int
        var startedAt: Duration
        var isReady = false
        /// SIGTERM has been sent; SIGKILL follows at this time.
        var killAt: Duration?
        var isKilled = false
    }

    struct Slot: Equatable {
        /// The one that serves, or shall.
        var current: Process?
        /// During a rolling restart: the one before, that drains.
        var previous: Process?
        var respawnAt: Duration?
        var failuresInARow = 0
        var restarts = 0
        /// How the last process that was never ready ended.
        var startFailure: Int32?
    }

    enum Phase: Equatable {
        case running
        case ending
        case ended
    }

    private let configuration: Configuration
    private(set) var slots: [Slot]
    private(set) var phase = Phase.running
    private var lastProcess = 0
    private var somebodyWasReady = false
    private var deadlineWasMissed = false
    /// Slots that a rolling restart has still to visit, the one it is at included.
    private var reloading: [Int] = []

    init(_ configuration: Configuration) {
        self.configuration = configuration
        slots = Array(repeating: Slot(), count: configuration.workers)
    }

    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch (phase, event) {
        case (.ended, _): return []
        case (.running, .start): return slots.indices.flatMap { spawn(at: $0, now) }
        case (_, .start): return []
        case (_, .ready(let number)): return ready(number, now)
        case (_, .exited(let number, let code)): return exited(number, code, now)
        case (_, .timer): return timer(now)
        case (_, .silent(let number)): return silent(number)
        case (.running, .terminate): return beginEnd(now)
        case (.ending, .terminate): return [.log(.cutting)] + killAll()
        case (.running, .reload): return beginReload(now)
        case (.ending, .reload): return []
        }
    }

    // MARK: Start and restart

    private mutating func spawn(at index: Int, _ now: Duration) -> [Action] {
        lastProcess += 1
        slots[index].respawnAt = nil
        slots[index].current = Process(number: lastProcess, startedAt: now)
        return [.spawn(slot: index + 1, process: lastProcess)]
    }

    /// A stopped process drains as little as it serves: it is killed, not asked.
    private mutating func silent(_ number: Int) -> [Action] {
        for index in slots.indices {
            let isCurrent = slots[index].current?.number == number
            guard isCurrent || slots[index].previous?.number == number else { continue }
            let actions =
                isCurrent ? Self.kill(&slots[index].current) : Self.kill(&slots[index].previous)
            return actions.isEmpty ? [] : [.log(.killedSilent(slot: index + 1))] + actions
        }
        return []
    }

    private mutating func killIfNotReady(_ index: Int, _ now: Duration) -> [Action] {
        guard let process = slots[index].current, !process.isReady, !process.isKilled,
            now >= process.startedAt + configuration.startTimeout
        else { return [] }
        return [.log(.startTimedOut(slot: index + 1))] + Self.kill(&slots[index].current)
    }

    private mutating func ready(_ number: Int, _ now: Duration) -> [Action] {
        guard let index = slots.firstIndex(where: { $0.current?.number == number }) else { return [] }
        slots[index].current?.isReady = true
        slots[index].startFailure = nil
        somebodyWasReady = true
        guard phase == .running, reloading.first == index else { return [] }
        return slots[index].previous == nil ? continueReload(now) : terminatePrevious(index, now)
    }

    private mutating func exited(_ number: Int, _ code: Int32?, _ now: Duration) -> [Action] {
        if let index = slots.firstIndex(where: { $0.previous?.number == number }) {
            slots[index].previous = nil
            if phase == .ending { return finishIfAllGone() }
            return reloading.first == index && slots[index].current != nil ? continueReload(now) : []
        }
        guard let index = slots.firstIndex(where: { $0.current?.number == number }),
            let process = slots[index].current
        else { return [] }
        slots[index].current = nil
        if phase == .ending { return finishIfAllGone() }

        if let previous = slots[index].previous {
            // The new one of a rolling restart did not make it. The old one goes on, unless it drains already.
            if previous.killAt == nil {
                slots[index].current = previous
                slots[index].previous = nil
                reloading = []
                return [.log(.reloadAborted(slot: index + 1))]
            }
        }
        if !process.isReady, let code, code != 0 {
            slots[index].startFailure = code
            if let everybodys = commonStartFailure {
                phase = .ended
                return [.log(.givingUp(code: everybodys)), .exit(code: everybodys)]
            }
        }
        return scheduleRestart(index, process, now)
    }

    private mutating func scheduleRestart(_ index: Int, _ process: Process, _ now: Duration) -> [Action] {
        if process.isReady, now - process.startedAt >= configuration.stableAfter { slots[index].failuresInARow = 0 }
        let exponent = min(slots[index].failuresInARow, 20)
        let wait = min(configuration.longestBackoff, configuration.firstBackoff * (1 << exponent))
        slots[index].failuresInARow += 1
        slots[index].restarts += 1
        slots[index].respawnAt = now + wait
        return [.log(.restarting(slot: index + 1, after: wait)), .wake(at: now + wait)]
    }

    /// The exit code with which all workers failed to start, when none has ever been ready: starting them again would give
    /// the same.
    private var commonStartFailure: Int32? {
        guard !somebodyWasReady, let first = slots.first?.startFailure,
            slots.allSatisfy({ $0.startFailure == first && $0.current == nil })
        else { return nil }
        return first
    }

    // MARK: Rolling restart

    private mutating func beginReload(_ now: Duration) -> [Action] {
        guard reloading.isEmpty else { return [.log(.reloadRefused)] }
        reloading = Array(slots.indices)
        return [.log(.reloadStarted)] + visit(now)
    }

    /// Starts the successor in the slot whose turn it is.
    private mutating func visit(_ now: Duration) -> [Action] {
        while let index = reloading.first {
            if let current = slots[index].current {
                slots[index].previous = current
                return spawn(at: index, now)
            }
            // It is down and will come up new by itself.
            reloading.removeFirst()
        }
        return [.log(.reloadFinished)]
    }

    private mutating func terminatePrevious(_ index: Int, _ now: Duration) -> [Action] {
        guard let previous = slots[index].previous, previous.killAt == nil else { return [] }
        let killAt = now + configuration.drain
        slots[index].previous?.killAt = killAt
        return [.terminate(process: previous.number), .wake(at: killAt)]
    }

    private mutating func continueReload(_ now: Duration) -> [Action] {
        guard let index = reloading.first, slots[index].current?.isReady == true else { return [] }
        reloading.removeFirst()
        return visit(now)
    }

    // MARK: End

    private mutating func beginEnd(_ now: Duration) -> [Action] {
        phase = .ending
        reloading = []
        var actions: [Action] = [.log(.draining)]
        let killAt = now + configuration.drain
        for index in slots.indices {
            slots[index].respawnAt = nil
            if let process = slots[index].current {
                slots[index].current?.killAt = killAt
                actions.append(.terminate(process: process.number))
            }
            if let process = slots[index].previous, process.killAt == nil {
                slots[index].previous?.killAt = killAt
                actions.append(.terminate(process: process.number))
            }
        }
        actions.append(.wake(at: killAt))
        return actions + finishIfAllGone()
    }

    private mutating func killAll() -> [Action] {
        var actions: [Action] = []
        for index in slots.indices {
            actions += Self.kill(&slots[index].current) + Self.kill(&slots[index].previous)
        }
        return actions
    }

    private static func kill(_ process: inout Process?) -> [Action] {
        guard let number = process?.number, process?.isKilled == false else { return [] }
        process?.isKilled = true
        return [.kill(process: number)]
    }

    private mutating func finishIfAllGone() -> [Action] {
        guard slots.allSatisfy({ $0.current == nil && $0.previous == nil }) else { return [] }
        phase = .ended
        return [.exit(code: deadlineWasMissed ? 70 : 0)]
    }

    // MARK: Time

    private mutating func timer(_ now: Duration) -> [Action] {
        var actions: [Action] = []
        for index in slots.indices {
            if phase == .running, let at = slots[index].respawnAt, at <= now { actions += spawn(at: index, now) }
            if phase == .running { actions += killIfNotReady(index, now) }
            actions += Self.killIfDue(&slots[index].current, now) + Self.killIfDue(&slots[index].previous, now)
        }
        if actions.contains(where: { if case .kill = $0 { true } else { false } }), phase == .ending {
            deadlineWasMissed = true
        }
        return actions
    }

    private static func killIfDue(_ process: inout Process?, _ now: Duration) -> [Action] {
        guard let killAt = process?.killAt, killAt <= now else { return [] }
        return kill(&process)
    }
}

import LoopguardBus
import Testing

/// A broker and its network in miniature, with everything that can go wrong, driven by a seed.
private struct Simulation {
    struct Faults {
        var lossPercent = 10
        var duplicatePercent = 10
        var disconnectPercent = 3
        var fetchFailurePercent = 15
        var resetPercent = 0
        var historySize = Int.max
        var pageSize = 4
    }

    private var random: SeededGenerator
    private let faults: Faults
    private var tracker: Tracker

    // The broker.
    private var epoch = 0
    private(set) var top: UInt64 = 0
    /// On the way to the subscriber, of this connection and of the one before it.
    private var wire: [Tracker.Item] = []
    private var isConnected = true
    private var requests: [Tracker.Fetch] = []
    private var answers: [Tracker.History] = []
    private var needsRetry = false

    // What the subscriber saw.
    private(set) var delivered: [BusPosition] = []
    private(set) var lost: UInt64 = 0
    private(set) var fetches = 0
    private(set) var restarts = 0

    init(seed: UInt64, faults: Faults) {
        random = SeededGenerator(seed: seed)
        self.faults = faults
        var limits = Tracker.Limits()
        limits.bufferedMessages = 5
        tracker = Tracker(position: TrackedPosition(epoch: nil, offset: 0), limits: limits)
    }

    var epochName: String { "e\(epoch)" }

    mutating func run(steps: Int) {
        for _ in 0..<steps { step() }
        settle()
    }

    private mutating func step() {
        switch random.next() % 6 {
        case 0, 1: publish()
        case 2, 3: arrive()
        case 4: serve()
        default: answer()
        }
        if random.chance(faults.disconnectPercent) { disconnect() }
        if !isConnected, random.chance(30) { connect() }
        if needsRetry, random.chance(30) { retry() }
        if random.chance(faults.resetPercent) {
            epoch += 1
            top = 0
        }
    }

    private mutating func publish() {
        top += 1
        let item = item(top, epochName)
        guard isConnected, !random.chance(faults.lossPercent) else { return }
        wire.append(item)
        if random.chance(faults.duplicatePercent) { wire.append(item) }
    }

    private mutating func arrive() {
        guard !wire.isEmpty else { return }
        perform(tracker.live(wire.removeFirst()))
    }

    private mutating func disconnect() {
        guard isConnected else { return }
        isConnected = false
        // Within one epoch, some of it still arrives, after the reconnect: out of order.
        wire = faults.resetPercent == 0 && random.chance(50) ? Array(wire.suffix(3)) : []
        tracker.disconnected()
    }

    private mutating func connect() {
        isConnected = true
        perform(tracker.verify())
    }

    private mutating func retry() {
        needsRetry = false
        perform(tracker.retry())
    }

    /// A request reaches the broker, or fails.
    private mutating func serve() {
        guard !requests.isEmpty else { return }
        let request = requests.removeFirst()
        if random.chance(faults.fetchFailurePercent) {
            if tracker.historyFailed(request.id) { needsRetry = true }
            return
        }
        guard top > 0 else {
            answers.append(Tracker.History(id: request.id, top: nil, items: [], hasMore: false))
            return
        }
        let after = request.epoch == epochName ? request.after : 0
        let oldest = faults.historySize == .max ? 1 : top - min(top - 1, UInt64(faults.historySize) - 1)
        let first = max(after + 1, oldest)
        let all = first <= top ? Array(first...top) : []
        answers.append(
            Tracker.History(
                id: request.id, top: BusPosition(epoch: epochName, offset: top),
                items: all.prefix(faults.pageSize).map { item($0, epochName) }, hasMore: all.count > faults.pageSize))
    }

    private mutating func answer() {
        guard !answers.isEmpty else { return }
        perform(tracker.history(answers.removeFirst()))
    }

    private mutating func perform(_ actions: [Tracker.Action]) {
        for action in actions {
            switch action {
            case .deliver(let item, _): delivered.append(item.position)
            case .lost(let count): lost += count
            case .fetch(let fetch):
                requests.append(fetch)
                fetches += 1
            case .restarted: restarts += 1
            case .duplicate: break
            }
        }
    }

    /// The network gets well, and everything comes to rest.
    private mutating func settle() {
        while !wire.isEmpty { arrive() }
        if isConnected { disconnect() }
        wire = []
        connect()
        var rounds = 0
        while !(requests.isEmpty && answers.isEmpty && !needsRetry), rounds < 10_000 {
            if needsRetry { retry() }
            serve()
            answer()
            rounds += 1
        }
        #expect(rounds < 10_000, "the repair never ends")
        #expect(!tracker.isRepairing)
    }
}

extension [BusPosition] {
    /// Ascending within an epoch, and epochs one after the other.
    fileprivate var isInOrder: Bool {
        zip(self, dropFirst()).allSatisfy { before, after in
            before.epoch == after.epoch
                ? before.offset < after.offset
                : Int(before.epoch.dropFirst()) ?? 0 < Int(after.epoch.dropFirst()) ?? 0
        }
    }
}

@Suite struct TopicTrackerPropertyTests {
    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func nothingIsLostWhenTheHistoryReachesBack(seed: UInt64) {
        var simulation = Simulation(seed: seed, faults: .init())
        simulation.run(steps: 400)
        let isWhole = simulation.delivered.map(\.offset) == Array(1...simulation.top)
        #expect(isWhole, "seed \(seed)")
        #expect(simulation.lost == 0, "seed \(seed)")
        #expect(simulation.restarts == 0, "seed \(seed)")
        #expect(simulation.fetches > 0, "the faults must have an effect")
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func whatIsLostIsCounted(seed: UInt64) {
        var faults = Simulation.Faults()
        faults.historySize = 3
        faults.lossPercent = 40
        faults.disconnectPercent = 8
        var simulation = Simulation(seed: seed, faults: faults)
        simulation.run(steps: 400)
        // Not within `#expect`: it would print thousands of positions.
        let isInOrder = simulation.delivered.isInOrder
        #expect(isInOrder, "seed \(seed)")
        #expect(UInt64(simulation.delivered.count) + simulation.lost == simulation.top, "seed \(seed)")
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func epochsStayInOrder(seed: UInt64) {
        var faults = Simulation.Faults()
        faults.resetPercent = 2
        faults.historySize = Int(seed % 5) + 2
        var simulation = Simulation(seed: seed, faults: faults)
        simulation.run(steps: 600)
        // Not within `#expect`: it would print thousands of positions.
        let isInOrder = simulation.delivered.isInOrder
        #expect(isInOrder, "seed \(seed)")
        // Of an epoch that is gone, nobody knows how much there was; of the last one, everything is accounted for.
        let last = simulation.delivered.filter { $0.epoch == simulation.epochName }
        if simulation.top > 0 { #expect(last.last?.offset == simulation.top, "seed \(seed)") }
    }
}

import LoopguardCore

/// A timeline of one loop, 10 ms a character: `-` the loop turns, `#` one tick blocks, `!` blocked and a capture must come,
/// `b` blocked and a baseline must come, `.` idle (waits for events, nothing happens).
struct Marble {
    static let step: UInt64 = 10_000_000
    /// Virtual time of the first character; not 0, since `busySince` 0 means idle.
    static let origin: UInt64 = 1_000_000_000

    var ticks: [(begin: UInt64, end: UInt64)] = []
    var beats: [UInt64] = []
    var expectedCaptures: [Int] = []
    var expectedBaselines: [Int] = []
    var length: Int

    init(_ text: String) {
        let characters = Array(text)
        length = characters.count
        var begin: Int?
        for (index, character) in characters.enumerated() {
            let blocked = character == "#" || character == "!" || character == "b"
            if blocked, begin == nil { begin = index }
            if !blocked, let start = begin {
                ticks.append((Self.time(start), Self.time(index)))
                begin = nil
            }
            if character == "-" { beats.append(Self.time(index)) }
            if character == "!" { expectedCaptures.append(index) }
            if character == "b" { expectedBaselines.append(index) }
        }
        if let begin { ticks.append((Self.time(begin), .max)) }
    }

    static func time(_ index: Int) -> UInt64 { origin + UInt64(index) * step }

    func busySince(at now: UInt64) -> UInt64 {
        ticks.first { $0.begin <= now && now < $0.end }?.begin ?? 0
    }

    func ticksBegun(at now: UInt64) -> UInt64 {
        UInt64(beats.count { $0 <= now } + ticks.count { $0.begin <= now })
    }
}

/// A watchdog in virtual time: wakes when the schedule says so (or later, when told to oversleep).
struct VirtualWatchdog {
    var captures: [Int] = []
    var baselines: [Int] = []
    var ended: [(tick: UInt64, duration: UInt64, exact: Bool)] = []
    var missed: [Detector.LateTick] = []
    var wakeUps = 0
    var deepSleeps = 0

    /// - Parameters:
    ///   - lateness: added to every wake-up, ns.
    ///   - loseRecords: the loop's late-tick records never arrive.
    mutating func run(
        _ marble: Marble, options: Detector.Options, lateness: UInt64 = 0, loseRecords: Bool = false
    ) {
        var detector = Detector(options: options)
        var now = Marble.origin
        let end = Marble.time(marble.length) + options.thresholdNs * 2
        var reported = 0
        while now <= end {
            wakeUps += 1
            let busySince = marble.busySince(at: now)
            perform(
                detector.observe(
                    now: now, busySince: busySince, jobs: 1, tickFirstJob: 0, scope: 0,
                    ticks: marble.ticksBegun(at: now)
                ), now
            )
            let late = marble.ticks.filter { $0.end <= now && $0.end - $0.begin >= options.thresholdNs }
            for tick in late.dropFirst(reported) where !loseRecords {
                perform(
                    detector.observeLate(beganNs: tick.begin, durationNs: tick.end - tick.begin, jobs: 1, scope: 0), now
                )
            }
            reported = late.count
            switch WatchdogSchedule.nextWake(CollectionOfOne(detector), now: now) {
            case .at(let deadline):
                // The bell rings when a late tick ends, too.
                let bell = marble.ticks.filter { $0.end > now && $0.end - $0.begin >= options.thresholdNs }.map(\.end)
                    .min()
                now = min(max(deadline, now + 1), bell ?? .max) + lateness
            case .deepSleep:
                deepSleeps += 1
                // The bell: the next begin or end of a tick.
                let bells = marble.ticks.flatMap { [$0.begin, $0.end] } + marble.beats
                guard let bell = bells.filter({ $0 > now && $0 != .max }).min() else { return }
                now = bell
            }
        }
    }

    private mutating func perform(_ actions: [Detector.Action], _ now: UInt64) {
        let index = Int((now - Marble.origin) / Marble.step)
        for action in actions {
            switch action {
            case .takeBaseline: baselines.append(index)
            case .capture: captures.append(index)
            case .ended(let tick, let duration, let exact): ended.append((tick, duration, exact))
            case .missed(let late, _): missed.append(late)
            }
        }
    }
}

/// Exact figures of all stalls of a run, by place and route: what a budget and a baseline are judged by.
///
/// Unlike ``StallStore`` it forgets nothing that a verdict depends on: beyond its bound, places are counted together. A value
/// type; whoever shares it between threads puts a lock around it.
public struct StallTally: Codable, Sendable, Equatable {
    /// Places told apart. Beyond them stalls are counted under an empty fingerprint, which no baseline can accept.
    public static let maximumPlaces = 1000

    /// Stalls of one fingerprint, route, and kind of thread.
    public struct Place: Codable, Sendable, Equatable {
        /// Groups the stalls; empty for those that found no room of their own.
        public var fingerprint: String
        /// The handler's route; empty when none was marked.
        public var route: String
        /// Ticks of a guarded loop; false for the control loop and for pools, whose ticks are not in the loops' counts.
        public var isTick: Bool
        /// The machine was at fault, not the code.
        public var isHostAtFault: Bool
        /// At least one stack was taken.
        public var hasStack: Bool
        /// Innermost frame of the program, as `function file:line`; else the kind of stall. For people.
        public var at: String
        /// The cause in words.
        public var cause: String
        /// What to do about it.
        public var remedy: String
        /// Stalls.
        public var count: UInt64 = 0
        /// Sum of the lengths, nanoseconds.
        public var totalNs: UInt64 = 0
        /// The longest, nanoseconds.
        public var maxNs: UInt64 = 0
        /// Connections times the time over the threshold, summed.
        public var connectionSeconds: Double = 0
        /// How many lasted at least each of the tally's bounds.
        public var atLeast: [UInt64]
        /// Lengths by ``StallTally/bucket(ofNs:)``: 16 to a doubling.
        public var buckets: [Int: UInt64] = [:]
    }

    /// Lengths that are counted exactly: of the budget. Nanoseconds, ascending.
    public var boundsNs: [UInt64]
    /// In the order of their first stall.
    public private(set) var places: [Place] = []

    /// An empty tally.
    ///
    /// - Parameter boundsNs: ``StallBudget/boundsNs``; empty without a budget.
    public init(boundsNs: [UInt64] = []) { self.boundsNs = boundsNs }

    /// Stalls of guarded loops: compare with the loops' own counts.
    public var ticks: UInt64 { places.reduce(0) { $1.isTick ? $0.saturatingAdd($1.count) : $0 } }

    /// Adds one stall that is over, or as long as it has lasted.
    ///
    /// A call that strict mode objects to is no stall, however long: if it holds up its loop, the loop's stall is added as well.
    public mutating func add(_ report: StallReport) {
        guard report.kind != .blockingCall else { return }
        var place = Place(report, bounds: boundsNs.count)
        place.count = 1
        place.totalNs = report.durationNs
        place.maxNs = report.durationNs
        place.connectionSeconds =
            report.blast.connectionSeconds.isFinite ? max(0, report.blast.connectionSeconds) : 0
        for (index, bound) in boundsNs.enumerated() where report.durationNs >= bound { place.atLeast[index] = 1 }
        place.buckets[Self.bucket(ofNs: report.durationNs)] = 1
        add(place)
    }

    /// Adds the stalls of another process. Its bounds must be the same; otherwise its stalls count as over every bound.
    public mutating func merge(_ other: StallTally) {
        for var place in other.places {
            if other.boundsNs != boundsNs || place.atLeast.count != boundsNs.count {
                place.atLeast = boundsNs.map { _ in place.count }
            }
            add(place)
        }
    }

    private mutating func add(_ new: Place) {
        var new = new
        if let index = places.firstIndex(where: { $0.isSamePlace(as: new) }) {
            places[index].absorb(new)
            return
        }
        if places.count >= Self.maximumPlaces {
            new.fingerprint = ""
            new.route = ""
            new.at = "places beyond the first \(Self.maximumPlaces)"
            if let index = places.firstIndex(where: { $0.isSamePlace(as: new) }) {
                places[index].absorb(new)
                return
            }
        }
        places.append(new)
    }

    /// Number of the bucket of a length: 16 to each doubling, so that a bucket's bounds are 6.25 % apart at most.
    static func bucket(ofNs ns: UInt64) -> Int {
        guard ns >= 16 else { return Int(ns) }
        let exponent = 63 - ns.leadingZeroBitCount
        return exponent * 16 + Int((ns >> UInt64(exponent - 4)) & 15)
    }

    /// The smallest length in a bucket.
    static func lowerBoundNs(ofBucket bucket: Int) -> UInt64 {
        let exponent = bucket / 16
        guard exponent >= 4 else { return UInt64(clamping: bucket) }
        guard exponent < 64 else { return .max }
        return UInt64(16 + bucket % 16) << UInt64(exponent - 4)
    }
}

extension StallTally.Place {
    init(_ report: StallReport, bounds: Int) {
        let kinds: [StallKind] = [.cooperativePool, .blockingPool, .offloadDeadlock]
        let frames = report.samples.first { !$0.frames.isEmpty }?.frames ?? []
        self.init(
            fingerprint: report.fingerprint, route: report.scope?.route ?? "",
            isTick: !kinds.contains(report.kind) && report.loop.hasPrefix("loop-"),
            isHostAtFault: report.isMachineToBlame, hasStack: !frames.isEmpty,
            at: Self.name(report, frames),
            cause: report.cause.summary, remedy: report.remedy, atLeast: Array(repeating: 0, count: bounds))
    }

    /// The same in every build of the source, on whatever machine.
    private static func name(_ report: StallReport, _ frames: [StackFrame]) -> String {
        guard let own = frames.first(where: { !$0.isRuntime && $0.function != nil }), let function = own.function else {
            return frames.isEmpty
                ? "\(report.kind.rawValue) on \(report.loop), no stack"
                : StallWords.withoutOwnFrame(report.cause, frames)
        }
        guard let file = own.file else { return function }
        return "\(function) \(SourcePath.portable(file))\(own.line.map { ":\($0)" } ?? "")"
    }

    func isSamePlace(as other: Self) -> Bool {
        fingerprint == other.fingerprint && route == other.route && isTick == other.isTick
            && isHostAtFault == other.isHostAtFault
    }

    mutating func absorb(_ other: Self) {
        if !hasStack, other.hasStack {
            hasStack = true
            at = other.at
            cause = other.cause
            remedy = other.remedy
        }
        count = count.saturatingAdd(other.count)
        totalNs = totalNs.saturatingAdd(other.totalNs)
        maxNs = max(maxNs, other.maxNs)
        connectionSeconds += other.connectionSeconds
        for index in atLeast.indices where other.atLeast.indices.contains(index) {
            atLeast[index] = atLeast[index].saturatingAdd(other.atLeast[index])
        }
        buckets.merge(other.buckets) { $0.saturatingAdd($1) }
    }
}

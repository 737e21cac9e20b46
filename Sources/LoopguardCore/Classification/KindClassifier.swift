/// Tells one long job from many short ones and from a handler that never lets go.
public enum KindClassifier {
    /// Where few jobs end and many begin.
    public struct Options: Sendable, Equatable {
        /// So many jobs of one scope in a row, without a poll in between, are a handler that resumes for ever. Default 64.
        public var yieldJobs: UInt64 = 64
        /// When it is not known whether jobs moved, a tick with at least so many was overloaded. Default 32.
        public var manyJobs: UInt64 = 32

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}
    }

    /// Classifies one late tick.
    ///
    /// - Parameters:
    ///   - jobsInTick: executor jobs begun in the tick.
    ///   - jobsMovedSinceThreshold: jobs begun between two looks at the tick (from half the threshold on);
    ///     nil when the watchdog looked only once.
    ///   - sameScope: whether all looks saw the same scope, and there was one.
    public static func classify(
        jobsInTick: UInt64, jobsMovedSinceThreshold: UInt64?, sameScope: Bool, options: Options = .defaults
    ) -> StallKind {
        if jobsInTick == 0 { return .loopWork }
        guard let moved = jobsMovedSinceThreshold else {
            return jobsInTick >= options.manyJobs ? .overloadedTick : .singleJob
        }
        if moved == 0 { return .singleJob }
        return sameScope && moved >= options.yieldJobs ? .yieldStarvation : .overloadedTick
    }
}

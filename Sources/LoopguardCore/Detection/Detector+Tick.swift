extension Detector {
    /// One look at a running tick.
    struct Look {
        var now: UInt64
        var age: UInt64
        var jobs: UInt64
        var jobsInTick: UInt64
        var scope: UInt64
        var cpuNs: UInt64?
    }

    /// A tick that is being watched.
    struct Tick: Sendable, Equatable {
        let beganNs: UInt64
        /// Captures so far.
        var samples = 0
        private var baselineAt: UInt64?
        /// Age at which the next step is due.
        private var nextAge: UInt64?
        /// The tick's age when last looked at: it lasted at least so long.
        private(set) var leastDurationNs: UInt64 = 0
        private let firstScope: UInt64
        private var sameScope: Bool
        private var markAt: UInt64?
        private var markJobs: UInt64 = 0
        private var markCPUNs: UInt64?
        /// Jobs begun between the first mark and the last.
        private var moved: UInt64?
        /// Time between marks, and how much of it passed in intervals without a new job.
        private var markedNs: UInt64 = 0
        private var stillNs: UInt64 = 0
        /// In one of these the thread ran: there was one long job, whatever came before or after.
        private var worked = false

        init(beganNs: UInt64, scope: UInt64) {
            self.beganNs = beganNs
            firstScope = scope
            sameScope = scope != 0
        }

        /// The time of the next step; nil once all samples have been taken.
        func deadline(options: Options) -> UInt64? {
            if samples >= options.maxSamples { return nil }
            return beganNs.saturatingAdd(nextAge ?? options.thresholdNs / 2)
        }

        mutating func advance(_ look: Look, options: Options) -> Action? {
            leastDurationNs = max(leastDurationNs, look.age)
            if look.scope != firstScope { sameScope = false }
            let threshold = options.thresholdNs
            if samples == 0, look.age < threshold {
                guard look.age >= threshold / 2, baselineAt == nil else { return nil }
                baselineAt = look.now
                nextAge = threshold
                mark(look, threshold: threshold)
                return .takeBaseline(tick: beganNs)
            }
            guard samples < options.maxSamples, look.age >= (nextAge ?? threshold) || samples == 0 else { return nil }
            mark(look, threshold: threshold)
            let index = samples
            samples += 1
            nextAge = stepAfter(look, threshold: threshold)
            return .capture(sampleIndex: index, view(look, options: options))
        }

        /// The next doubling. But a first capture without a baseline worth the name is soon followed by another, since
        /// two samples of figures tell a computing thread from a starved one.
        private func stepAfter(_ look: Look, threshold: UInt64) -> UInt64 {
            var step = threshold
            while step <= look.age, step < UInt64.max / 2 { step *= 2 }
            if samples == 1 {
                let interval = baselineAt.map { look.now.saturatingSubtract($0) } ?? 0
                if interval < threshold / 4 { return min(step, look.age.saturatingAdd(threshold / 2)) }
            }
            return step
        }

        /// Counts the jobs between two steps. Steps that follow closely say nothing: no job would have moved.
        private mutating func mark(_ look: Look, threshold: UInt64) {
            if let markAt {
                guard look.now.saturatingSubtract(markAt) >= threshold / 4 else { return }
                let interval = look.now.saturatingSubtract(markAt)
                let begun = look.jobs.saturatingSubtract(markJobs)
                moved = (moved ?? 0).saturatingAdd(begun)
                markedNs = markedNs.saturatingAdd(interval)
                if begun == 0 {
                    stillNs = stillNs.saturatingAdd(interval)
                    if let cpu = look.cpuNs, let markCPUNs, cpu.saturatingSubtract(markCPUNs) >= interval / 2 {
                        worked = true
                    }
                }
            }
            markAt = look.now
            markJobs = look.jobs
            markCPUNs = look.cpuNs
        }

        /// What the kind is told by. No new job in an interval says nothing if the thread had no CPU then: it must have worked,
        /// or such intervals, in which it may have been blocked, must be half of the time.
        private var jobsMoved: UInt64? {
            guard let moved else { return nil }
            return worked || stillNs >= max(1, markedNs / 2) ? 0 : moved
        }

        private func view(_ look: Look, options: Options) -> TickView {
            TickView(
                beganNs: beganNs, ageNs: look.age, jobsInTick: look.jobsInTick, jobsMoved: jobsMoved,
                sameScope: sameScope, scope: look.scope,
                kind: KindClassifier.classify(
                    jobsInTick: look.jobsInTick, jobsMovedSinceThreshold: jobsMoved, sameScope: sameScope,
                    options: options.kinds
                )
            )
        }
    }
}

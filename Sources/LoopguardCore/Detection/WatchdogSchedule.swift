/// When the watchdog has to look again.
public enum WatchdogSchedule {
    /// How to sleep.
    public enum Wake: Sendable, Equatable {
        /// Until this time (CLOCK_MONOTONIC, nanoseconds; may have passed), or until the bell rings.
        case at(UInt64)
        /// Without a time limit: no loop has done anything for a while, or those that are stuck have been sampled to the
        /// full. A loop that wakes up, and a late tick that ends, ring the bell.
        case deepSleep
    }

    /// The earliest time at which any of the loops could need a look.
    ///
    /// At most two wake-ups a threshold for a loop that has been active since the last look, one for a loop that has not,
    /// none once all have been without activity for `Detector.Options.deepSleepAfterNs`.
    ///
    /// - Parameters:
    ///   - detectors: one for each loop.
    ///   - now: CLOCK_MONOTONIC, nanoseconds.
    ///   - other: the earliest time at which something else needs a look; nil = nothing does.
    public static func nextWake(_ detectors: some Sequence<Detector>, now: UInt64, other: UInt64? = nil) -> Wake {
        var earliest = other
        for detector in detectors {
            guard let deadline = detector.nextDeadline(now: now) else { continue }
            earliest = min(earliest ?? .max, deadline)
        }
        return earliest.map(Wake.at) ?? .deepSleep
    }
}

extension Detector {
    /// Something has happened on the loop within ``Options/deepSleepAfterNs``.
    public func isActive(now: UInt64) -> Bool {
        lastActiveNs.map { now.saturatingSubtract($0) < options.deepSleepAfterNs } ?? false
    }

    /// When this loop needs the next look; nil when only the bell can bring news of it.
    public func nextDeadline(now: UInt64) -> UInt64? {
        if let current { return current.deadline(options: options) }
        guard isActive(now: now) else {
            // Not looked at yet: look now.
            return lastActiveNs == nil ? now : nil
        }
        // A tick that begins right after this look is half a threshold old at now + threshold/2: that is where the
        // baseline belongs. A loop without activity gets by with one look a threshold; should a stall begin there, its
        // second sample follows soon enough to make up for the missing baseline.
        return now.saturatingAdd(isQuiet ? options.thresholdNs : options.thresholdNs / 2)
    }
}

extension StallReport {
    /// The machine and not the code is to blame, as far as can be told: the cause says so; or the stall was over before the
    /// watchdog itself, just as starved, got a CPU to look at it. Such stalls count for no budget and fail no test.
    public var isMachineToBlame: Bool {
        if cause.hostAtFault { return true }
        return samples.isEmpty && watchdogLatenessNs >= thresholdNs / 4
    }
}

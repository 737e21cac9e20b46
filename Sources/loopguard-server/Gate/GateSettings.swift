import LoopguardCore

/// What a run is judged by at its end, and where the verdict goes.
struct GateSettings: Sendable, Equatable {
    var budget: StallBudget?
    /// File with accepted stalls.
    var baseline: String?
    /// File for the verdict as JSON.
    var report: String?
    /// File that gets a baseline of this run's stalls.
    var newBaseline: String?

    /// Stalls are counted by place; off = nothing of it costs anything.
    var isActive: Bool { budget != nil || baseline != nil || newBaseline != nil || report != nil }
}

extension ServerSettings {
    mutating func readGate(_ reader: SettingReader) throws(SettingsError) {
        if let found = try reader.found(.stallBudget) {
            let budget: StallBudget
            do { budget = try StallBudget(found.values.joined(separator: ",")) } catch {
                throw SettingsError("\(found.place): \(error.message)")
            }
            if let objection = budget.objection(thresholdNs: UInt64(watchdogMilliseconds) * 1_000_000) {
                throw SettingsError("\(found.place): \(objection)")
            }
            gate.budget = budget
        }
        gate.baseline = try reader.path(.stallBaseline)
        gate.report = try reader.path(.stallBudgetReport)
        gate.newBaseline = try reader.path(.writeStallBaseline)
    }
}

/// A call that blocks while a lock is held: everybody who wants the lock waits too, event loops among them.
struct BlockingUnderLock: StructuralRule {
    let id = "blocking-under-lock"

    func findings(in file: RuleFile) -> [Finding] {
        var found: [Finding] = []
        for region in file.lockedRegions {
            let held = Finding.Step(
                place: file.place(region.start),
                text: "`\(region.lock)` is held from here: whoever wants it waits as long")
            for sink in file.sinks
            where region.contains(sink.offset) && RuleProgram.blocks(sink.call)
                && file.program.tiers.contains(sink.call.tier) && file.runs(sink.scope, in: region.scope)
            {
                found.append(
                    file.finding(
                        self, sink.call.tier == .waits ? .warning : .note, at: sink.offset, in: sink.scope,
                        "`\(sink.call.name)` blocks while `\(region.lock)` is held; call it before or after the section",
                        sink: sink.call.name, related: [held], confidence: 0.95))
            }
            found += transitive(region, held, file)
        }
        return found
    }

    private func transitive(_ region: LockedRegion, _ held: Finding.Step, _ file: RuleFile) -> [Finding] {
        (file.program.edges[file.id] ?? []).compactMap { _, edge in
            guard let offset = file.facts.lines.offset(line: edge.site.line, column: edge.site.column),
                region.contains(offset), file.callees[offset] != nil,
                file.program.graph.contexts[Int(edge.to)] == .unknown, !edge.isMakingOnly, edge.targets <= 3
            else { return nil }
            let scope = file.facts.scope(at: offset)
            guard file.runs(scope, in: region.scope), let reach = file.program.reach(edge.to) else { return nil }
            return file.finding(
                self, reach.sink.tier == .waits && edge.targets == 1 ? .warning : .note, at: offset, in: scope,
                "`\(file.symbolName(edge.to))` leads to `\(reach.sink.name)`, which blocks while `\(region.lock)` is held; "
                    + "call it before or after the section", sink: reach.sink.name,
                steps: file.steps(reach, from: offset, first: edge), related: [held],
                confidence: reach.confidence * (edge.targets == 1 ? 0.9 : 0.8))
        }
    }
}

/// An `await` between `lock()` and `unlock()`: the task may go on on another thread, and until it does every thread that wants the
/// lock stands still.
struct LockAcrossAwait: StructuralRule {
    let id = "lock-across-await"

    func findings(in file: RuleFile) -> [Finding] {
        file.lockedRegions.filter(\.isExplicit).compactMap { region in
            let awaits = file.structure.awaits.filter {
                region.contains($0) && file.facts.scope(at: $0) == region.scope
            }
            guard let first = awaits.first else { return nil }
            return file.finding(
                self, .error, at: first, in: region.scope,
                "`\(region.lock)` is held across this `await`: the threads of the pool that want it stand still until the "
                    + "task goes on, and it may have to be unlocked by another thread; unlock before, or use an actor",
                sink: region.lock,
                related: [.init(place: file.place(region.start), text: "locked here")]
                    + awaits.dropFirst().map { .init(place: file.place($0), text: "and across this `await`") })
        }
    }
}

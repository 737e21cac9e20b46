extension TopicTracker {
    /// An answer to a ``Fetch`` arrived: merges it with what was buffered meanwhile.
    ///
    /// The live path can lag behind the history, and the broker may lose its state in between. What is certain: live
    /// messages come in the broker's order; and those that came before the request are not newer than its answer. So of these,
    /// whatever is not of the answer's epoch belongs to one that is over.
    public mutating func history(_ answer: History) -> [Action] {
        guard fetching == answer.id else { return [] }
        fetching = nil
        isRepairing = false
        var actions: [Action] = []
        let before = position
        var waiting = buffer[...]
        buffer = []
        let overflowed = hasOverflowed
        hasOverflowed = false

        finishEpochs(before: answer.top?.epoch, &waiting, &actions)
        if let top = answer.top {
            if position?.epoch != top.epoch { restart(top.epoch, &actions) }
            rollBack(to: top, waiting, &actions)
            merge(answer, top, &waiting, &actions)
        }
        if isRepairing { buffer = Array(waiting) } else { goOn(with: &waiting, &actions) }
        if overflowed || answer.hasMore { isRepairing = true }
        guard isRepairing else {
            fruitless = 0
            return actions
        }
        fruitless = position == before ? fruitless + 1 : 0
        if fruitless >= limits.fruitlessFetches { giveUp(&actions) }
        if isRepairing, fetching == nil { fetch(&actions) }
        return actions
    }

    /// The broker stands behind us in our own epoch: it fell back to an older state. What it counts from there on is new.
    private mutating func rollBack(
        to top: BusPosition, _ waiting: ArraySlice<Item>, _ actions: inout [Action]
    ) {
        guard let current = position, current.offset > top.offset else { return }
        actions.append(.restarted(epoch: top.epoch))
        // Live messages that came since the subscription are of the time after the fall.
        let live = waiting.first { $0.position.epoch == top.epoch }?.position.offset ?? .max
        position?.offset = min(top.offset, max(live, 1) - 1)
    }

    /// Delivers what is contiguous, counts what is gone, and leaves the rest in `waiting` with `isRepairing` set.
    private mutating func merge(
        _ answer: History, _ top: BusPosition, _ waiting: inout ArraySlice<Item>, _ actions: inout [Action]
    ) {
        let buffered = takeEpoch(top.epoch, from: &waiting)
        // The history speaks for everything up to here: what it does not show, is gone.
        let known = answer.hasMore ? answer.items.last?.position.offset ?? position?.offset ?? 0 : top.offset
        let fromHistory = answer.items.filter { $0.position.epoch == top.epoch }
        let all = Self.mergeByOffset(fromHistory, buffered)
        var index = all.startIndex
        while index < all.endIndex {
            let (item, repaired) = all[index]
            let offset = item.position.offset
            guard offset > position?.offset ?? 0 else {
                index += 1
                continue
            }
            let lastMissing = offset - 1
            skip(to: min(lastMissing, known), &actions)
            guard lastMissing == position?.offset ?? 0 else { break }
            position?.offset = offset
            actions.append(.deliver(item, repaired: repaired))
            index += 1
        }
        if index == all.endIndex {
            skip(to: known, &actions)
        } else {
            isRepairing = true
            waiting = all[index...].map(\.item) + waiting
        }
    }

    /// Passes offsets up to `offset` that nobody can bring any more.
    private mutating func skip(to offset: UInt64, _ actions: inout [Action]) {
        guard let current = position, offset > current.offset else { return }
        actions.append(.lost(offset - current.offset))
        position?.offset = offset
    }

    /// Takes everything out of the buffer that certainly belongs to epochs before `epoch`. What is of our own (older) epoch
    /// is delivered, holes counted as lost. Of another, between ours and the answer's, nobody knows on which side of ours it
    /// stands: the history may have shown us ours before the live path has brought its predecessor to an end.
    ///
    /// - Parameter epoch: Nil: the broker has forgotten the topic, all that came before the request is over.
    private mutating func finishEpochs(
        before epoch: String?, _ waiting: inout ArraySlice<Item>, _ actions: inout [Action]
    ) {
        let own = position?.epoch
        var kept: [Item] = []
        for (index, item) in waiting.enumerated() {
            if item.position.epoch == epoch {
                kept.append(item)
            } else if item.position.epoch == own {
                deliverAcrossHole(item, &actions)
            } else if index < bufferedBeforeFetch {
                passLate(item, &actions)
            } else {
                kept.append(item)
            }
        }
        waiting = kept[...]
    }

    /// Empties the buffer when the history does not help: holes in our own epoch are lost, and so is what belongs to
    /// another.
    private mutating func finishAll(_ waiting: inout ArraySlice<Item>, _ actions: inout [Action]) {
        while let next = waiting.popFirst() {
            if next.position.epoch == position?.epoch {
                deliverAcrossHole(next, &actions)
            } else {
                passLate(next, &actions)
            }
        }
    }

    /// Delivers a message of our own epoch in spite of what is missing before it.
    private mutating func deliverAcrossHole(_ item: Item, _ actions: inout [Action]) {
        guard item.position.offset > position?.offset ?? 0 else { return }
        skip(to: item.position.offset - 1, &actions)
        position?.offset = item.position.offset
        actions.append(.deliver(item, repaired: false))
    }

    /// A message of an epoch that is over cannot be delivered in order any more.
    private mutating func passLate(_ item: Item, _ actions: inout [Action]) {
        if let index = past.firstIndex(where: { $0.epoch == item.position.epoch }) {
            guard item.position.offset > past[index].offset else { return actions.append(.duplicate(item.position)) }
            past[index].offset = item.position.offset
        } else {
            past.append(TrackedPosition(epoch: item.position.epoch, offset: item.position.offset))
            if past.count > Self.pastEpochs { past.removeFirst() }
        }
        actions.append(.lost(1))
    }

    /// Treats what is left in the buffer as freshly arrived.
    private mutating func goOn(with waiting: inout ArraySlice<Item>, _ actions: inout [Action]) {
        while let next = waiting.popFirst() { actions += live(next) }
    }

    /// The broker keeps answering without closing the hole: counts it as lost and goes on with what came live.
    private mutating func giveUp(_ actions: inout [Action]) {
        fruitless = 0
        var waiting = buffer[...]
        buffer = []
        isRepairing = false
        fetching = nil
        finishAll(&waiting, &actions)
    }

    /// Takes the leading messages of `epoch` out of the buffer.
    private func takeEpoch(_ epoch: String, from waiting: inout ArraySlice<Item>) -> [Item] {
        let end = waiting.firstIndex { $0.position.epoch != epoch } ?? waiting.endIndex
        defer { waiting = waiting[end...] }
        return Array(waiting[..<end])
    }

    /// Both lists by offset, each offset once. The buffer's copy is the one that came live.
    static func mergeByOffset(_ history: [Item], _ live: [Item]) -> [(item: Item, repaired: Bool)] {
        var byOffset: [UInt64: (item: Item, repaired: Bool)] = [:]
        for item in history { byOffset[item.position.offset] = (item, true) }
        for item in live { byOffset[item.position.offset] = (item, false) }
        return byOffset.values.sorted { $0.item.position.offset < $1.item.position.offset }
    }
}

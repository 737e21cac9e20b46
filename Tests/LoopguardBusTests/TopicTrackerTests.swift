import LoopguardBus
import Testing

typealias Tracker = TopicTracker<Int>

/// The body is the offset, so that an expectation reads as the order.
func item(_ offset: UInt64, _ epoch: String = "a") -> Tracker.Item {
    Tracker.Item(position: BusPosition(epoch: epoch, offset: offset), body: Int(clamping: offset))
}

private func history(
    _ fetch: Tracker.Fetch?, top: UInt64?, _ offsets: [UInt64], epoch: String = "a", hasMore: Bool = false
) -> Tracker.History {
    Tracker.History(
        id: fetch?.id ?? 0, top: top.map { BusPosition(epoch: epoch, offset: $0) },
        items: offsets.map { item($0, epoch) },
        hasMore: hasMore)
}

extension [Tracker.Action] {
    fileprivate var fetch: Tracker.Fetch? {
        for case .fetch(let fetch) in self { return fetch }
        return nil
    }

    /// One word per action: `3` live, `r3` repaired, `dup3`, `fetch>2`, `lost2`, `epoch b`.
    fileprivate var words: [String] {
        map { action in
            switch action {
            case .deliver(let item, let repaired): "\(repaired ? "r" : "")\(item.body)"
            case .duplicate(let position): "dup\(position.offset)"
            case .fetch(let fetch): "fetch>\(fetch.after)"
            case .lost(let count): "lost\(count)"
            case .restarted(let epoch): "epoch \(epoch)"
            }
        }
    }
}

@Suite struct TopicTrackerTests {
    private func tracker(at offset: UInt64, _ limits: Tracker.Limits = .init()) -> Tracker {
        Tracker(position: TrackedPosition(epoch: offset == 0 ? nil : "a", offset: offset), limits: limits)
    }

    @Test func contiguousMessagesPass() {
        var tracker = tracker(at: 0)
        #expect(tracker.live(item(1)).words == ["1"])
        #expect(tracker.live(item(2)).words == ["2"])
        #expect(tracker.position == TrackedPosition(epoch: "a", offset: 2))
    }

    @Test func firstMessageSetsAnUnknownPosition() {
        var tracker = Tracker(position: nil)
        #expect(tracker.verify().isEmpty)
        #expect(tracker.live(item(7)).words == ["7"])
        #expect(tracker.live(item(7)).words == ["dup7"])
    }

    @Test func duplicatesAreSkipped() {
        var tracker = tracker(at: 5)
        #expect(tracker.live(item(5)).words == ["dup5"])
        #expect(tracker.live(item(1)).words == ["dup1"])
        #expect(tracker.live(item(6)).words == ["6"])
    }

    @Test func gapIsRepairedFromTheHistory() {
        var tracker = tracker(at: 2)
        let actions = tracker.live(item(5))
        #expect(actions.words == ["fetch>2"])
        #expect(tracker.live(item(6)).isEmpty)
        // The history was read before 6 was published.
        #expect(tracker.history(history(actions.fetch, top: 5, [3, 4, 5])).words == ["r3", "r4", "5", "6"])
        #expect(!tracker.isRepairing)
        #expect(tracker.live(item(7)).words == ["7"])
    }

    @Test func whatTheHistoryForgotIsLost() {
        var tracker = tracker(at: 2)
        let actions = tracker.live(item(9))
        #expect(tracker.history(history(actions.fetch, top: 9, [7, 8, 9])).words == ["lost4", "r7", "r8", "9"])
    }

    @Test func expiredHistoryIsLost() {
        var tracker = tracker(at: 2)
        #expect(tracker.history(history(tracker.verify().fetch, top: 6, [])).words == ["lost4"])
        #expect(tracker.live(item(7)).words == ["7"])
    }

    @Test func newGapBehindTheHistoryIsFetchedAgain() {
        var tracker = tracker(at: 2)
        let first = tracker.live(item(4))
        // 5 and 6 were lost as well, after the history was read.
        #expect(tracker.live(item(7)).isEmpty)
        let second = tracker.history(history(first.fetch, top: 4, [3, 4]))
        #expect(second.words == ["r3", "4", "fetch>4"])
        #expect(tracker.history(history(second.fetch, top: 7, [5, 6, 7])).words == ["r5", "r6", "7"])
    }

    @Test func pagesAreReadToTheEnd() {
        var tracker = tracker(at: 0)
        let first = tracker.verify()
        let second = tracker.history(history(first.fetch, top: 3, [1, 2], hasMore: true))
        #expect(second.words == ["r1", "r2", "fetch>2"])
        #expect(tracker.history(history(second.fetch, top: 3, [3])).words == ["r3"])
        #expect(!tracker.isRepairing)
    }

    @Test func fullBufferIsReadAgain() {
        var limits = Tracker.Limits()
        limits.bufferedMessages = 2
        var tracker = tracker(at: 1, limits)
        let first = tracker.live(item(3))
        #expect(tracker.live(item(4)).isEmpty)
        #expect(tracker.live(item(5)).isEmpty)  // Dropped.
        let second = tracker.history(history(first.fetch, top: 3, [2, 3]))
        #expect(second.words == ["r2", "3", "4", "fetch>4"])
        #expect(tracker.history(history(second.fetch, top: 5, [5])).words == ["r5"])
    }

    @Test func answerToAnOlderRequestIsIgnored() {
        var tracker = tracker(at: 1)
        let old = tracker.live(item(3))
        tracker.disconnected()
        let new = tracker.verify()
        #expect(tracker.history(history(old.fetch, top: 3, [2, 3])).isEmpty)
        #expect(tracker.history(history(new.fetch, top: 4, [2, 3, 4])).words == ["r2", "3", "r4"])
    }

    @Test func failedFetchIsRetried() throws {
        var tracker = tracker(at: 1)
        let first = try #require(tracker.live(item(3)).fetch)
        #expect(tracker.retry().words == [], "one is under way")
        let failed = [tracker.historyFailed(first.id), tracker.historyFailed(first.id)]
        #expect(failed == [true, false])
        let second = tracker.retry()
        #expect(second.words == ["fetch>1"])
        #expect(tracker.history(history(second.fetch, top: 3, [2, 3])).words == ["r2", "3"])
        #expect(tracker.retry().words == [], "nothing to repair")
    }

    @Test func aHoleThatNeverClosesIsGivenUp() {
        var tracker = tracker(at: 1)
        var actions = tracker.live(item(5))
        for _ in 0..<2 {
            actions = tracker.history(history(actions.fetch, top: 1, []))
            #expect(actions.words == ["fetch>1"])
        }
        #expect(tracker.history(history(actions.fetch, top: 1, [])).words == ["lost3", "5"])
        #expect(!tracker.isRepairing)
    }

    // MARK: - Epochs

    @Test func newEpochIsConfirmedByTheHistory() {
        var tracker = tracker(at: 40)
        let actions = tracker.live(item(3, "b"))
        #expect(actions.words == ["fetch>40"])
        #expect(tracker.live(item(4, "b")).isEmpty)
        let words = tracker.history(history(actions.fetch, top: 3, [1, 2, 3], epoch: "b")).words
        #expect(words == ["epoch b", "r1", "r2", "3", "4"])
        #expect(tracker.live(item(5, "b")).words == ["5"])
    }

    @Test func firstEpochOfANewTopicNeedsNoHistory() {
        var tracker = tracker(at: 0)
        #expect(tracker.live(item(1, "b")).words == ["1"])
    }

    @Test func historyShowsANewEpoch() {
        var tracker = tracker(at: 40)
        let fetch = tracker.verify().fetch
        #expect(tracker.live(item(3, "b")).isEmpty)
        let words = tracker.history(history(fetch, top: 2, [1, 2], epoch: "b")).words
        #expect(words == ["epoch b", "r1", "r2", "3"])
    }

    @Test func whatRemainsOfTheOldEpochComesFirst() {
        var tracker = tracker(at: 2)
        let fetch = tracker.live(item(4)).fetch
        #expect(tracker.live(item(5)).isEmpty)
        #expect(tracker.live(item(1, "b")).isEmpty)
        let words = tracker.history(history(fetch, top: 2, [1, 2], epoch: "b")).words
        #expect(words == ["lost1", "4", "5", "epoch b", "1", "r2"])
    }

    @Test func historyOfTheOldEpochBeforeALiveNewOne() {
        var tracker = tracker(at: 2)
        let fetch = tracker.live(item(4)).fetch
        #expect(tracker.live(item(2, "b")).isEmpty)
        let actions = tracker.history(history(fetch, top: 4, [3, 4]))
        #expect(actions.words == ["r3", "4", "fetch>4"])
        let words = tracker.history(history(actions.fetch, top: 2, [1, 2], epoch: "b")).words
        #expect(words == ["epoch b", "r1", "2"])
    }

    @Test func lateMessageOfTheOldEpochIsLost() {
        var tracker = tracker(at: 2)
        #expect(tracker.history(history(tracker.verify().fetch, top: 1, [1], epoch: "b")).words == ["epoch b", "r1"])
        // 2 was delivered; 3 was on its way while the history was read already.
        let first = tracker.live(item(2)) + tracker.live(item(3)) + tracker.live(item(2, "b"))
        #expect(first.words == ["fetch>1"])
        let second = tracker.history(history(first.fetch, top: 2, [2], epoch: "b"))
        // 2 came before the request, so it is late; of 3 that is not certain yet.
        #expect(second.words == ["dup2", "r2", "fetch>2"])
        #expect(tracker.history(history(second.fetch, top: 2, [], epoch: "b")).words == ["lost1"])
    }

    @Test func lateMessageOfAnEpochNeverSeenIsLost() {
        var tracker = tracker(at: 2)
        // The broker lost its state twice: the history shows c, b's only message is still on its way.
        #expect(tracker.history(history(tracker.verify().fetch, top: 1, [1], epoch: "c")).words == ["epoch c", "r1"])
        let actions = tracker.live(item(1, "b"))
        #expect(tracker.history(history(actions.fetch, top: 1, [], epoch: "c")).words == ["lost1"])
        #expect(tracker.live(item(2, "c")).words == ["2"])
    }

    @Test func brokerThatReturnsToAFormerEpochIsFollowed() {
        var tracker = tracker(at: 2)
        #expect(tracker.history(history(tracker.verify().fetch, top: 1, [1], epoch: "b")).words == ["epoch b", "r1"])
        // Restored from a snapshot.
        let actions = tracker.live(item(3))
        #expect(tracker.history(history(actions.fetch, top: 3, [1, 2, 3])).words == ["epoch a", "3"])
    }

    @Test func topicThatBeganAfterTheAnswerIsNotLost() {
        var tracker = tracker(at: 0)
        let fetch = tracker.verify().fetch
        #expect(tracker.live(item(1)).isEmpty)
        #expect(tracker.live(item(2)).isEmpty)
        #expect(tracker.history(history(fetch, top: nil, [])).words == ["1", "2"])
    }

    @Test func forgottenTopicKeepsWhatCameLive() {
        var tracker = tracker(at: 2)
        let fetch = tracker.live(item(4)).fetch
        #expect(tracker.history(history(fetch, top: nil, [])).words == ["lost1", "4"])
    }

    @Test func brokerThatFellBackCountsAnew() {
        var tracker = tracker(at: 100)
        #expect(tracker.history(history(tracker.verify().fetch, top: 95, [])).words == ["epoch a"])
        #expect(tracker.live(item(96)).words == ["96"])
    }

    @Test func messageAfterTheFallIsNotTakenForAnOldOne() {
        var tracker = tracker(at: 100)
        let fetch = tracker.verify().fetch
        #expect(tracker.live(item(96)).isEmpty)
        #expect(tracker.history(history(fetch, top: 96, [])).words == ["epoch a", "96"])
    }

    @Test func largestOffsetDoesNotOverflow() {
        var tracker = tracker(at: 1)
        let actions = tracker.live(item(.max))
        let words = tracker.history(
            Tracker.History(
                id: actions.fetch?.id ?? 0, top: BusPosition(epoch: "a", offset: .max), items: [], hasMore: false))
        #expect(words.count == 2)
        #expect(tracker.live(Tracker.Item(position: BusPosition(epoch: "a", offset: 0), body: 0)).words == ["dup0"])
    }
}

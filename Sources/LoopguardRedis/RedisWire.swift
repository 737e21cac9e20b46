import LoopguardBus

/// Reads what the scripts produce. Nothing traps, whatever stands in Redis.
enum RedisWire {
    typealias Tracker = SubscriptionTable.Tracker

    /// Longest epoch that is accepted; ours have up to 30.
    static let maximumEpochBytes = 64

    /// `<offset>:<epoch>:<envelope>`, as it arrives on a channel.
    static func liveItem(_ bytes: [UInt8]) -> Tracker.Item? {
        let colon = UInt8(ascii: ":")
        let offsetDigits = bytes.prefix(21).prefix { $0 != colon }
        let rest = bytes[offsetDigits.endIndex...].dropFirst()
        let epoch = rest.prefix(maximumEpochBytes + 1).prefix { $0 != colon }
        let envelope = rest[epoch.endIndex...]
        guard envelope.first == colon, let position = position(epoch: epoch, offset: offsetDigits) else { return nil }
        return Tracker.Item(position: position, body: envelope.dropFirst())
    }

    /// `[epoch, offset]`, the answer of the publish script.
    static func position(_ reply: RESPValue) -> BusPosition? {
        guard case .array(let values) = reply, values.count == 2, case .bulk(let epoch) = values[0],
            case .bulk(let offset) = values[1]
        else { return nil }
        return position(epoch: epoch[...], offset: offset[...])
    }

    /// `HMGET meta e o`: both nil as long as the topic does not exist.
    static func trackedPosition(_ reply: RESPValue) -> TrackedPosition? {
        if reply == .array([.null, .null]) { return TrackedPosition(epoch: nil, offset: 0) }
        return position(reply).map { TrackedPosition(epoch: $0.epoch, offset: $0.offset) }
    }

    /// `[epoch, offset, [[id, ["d", envelope]], …]]`, the answer of the history script.
    static func history(_ reply: RESPValue, id: UInt64, limit: Int) -> Tracker.History? {
        guard case .array(let values) = reply, values.count == 3, case .bulk(let epoch) = values[0],
            case .bulk(let offset) = values[1], case .array(let entries) = values[2]
        else { return nil }
        if epoch.isEmpty { return Tracker.History(id: id, top: nil, items: [], hasMore: false) }
        guard let top = position(epoch: epoch[...], offset: offset[...]) else { return nil }
        var items: [Tracker.Item] = []
        items.reserveCapacity(entries.count)
        for entry in entries {
            guard case .array(let pair) = entry, pair.count == 2, case .bulk(let id) = pair[0],
                case .array(let fields) = pair[1], fields.count == 2, case .bulk(let envelope) = fields[1],
                let offset = number(id.prefix { $0 != UInt8(ascii: "-") })
            else { return nil }
            items.append(Tracker.Item(position: BusPosition(epoch: top.epoch, offset: offset), body: envelope[...]))
        }
        let last = items.last?.position.offset ?? 0
        return Tracker.History(id: id, top: top, items: items, hasMore: items.count >= limit && last < top.offset)
    }

    private static func position(epoch: ArraySlice<UInt8>, offset: ArraySlice<UInt8>) -> BusPosition? {
        guard !epoch.isEmpty, epoch.count <= maximumEpochBytes, epoch.allSatisfy({ (0x21...0x7E).contains($0) }),
            let number = number(offset), number > 0
        else { return nil }
        return BusPosition(epoch: String(decoding: epoch, as: UTF8.self), offset: number)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }
}

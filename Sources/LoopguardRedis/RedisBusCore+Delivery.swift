import DequeModule
import Logging
import LoopguardBus
import NIOCore

/// From the subscriber connection through the trackers to `deliver`.
extension RedisBusCore {
    /// Something arrived on the subscriber connection.
    func received(_ value: RESPValue) {
        probe?.heard(now: .now())
        guard case .array(let parts) = value else {
            if case .error(let text) = value {
                // Such as NOPERM for a channel: without subscriptions the bus is of no use, so say so and try again.
                subscriber.connection?.close(
                    reason: BusError(
                        .refused, "Redis at \(configuration.url.address) refused a subscription. It said: \(text)"))
            }
            return  // `+PONG` outside the subscribed mode.
        }
        guard parts.count == 3, let kind = parts[0].text, let channel = parts[1].text else { return }
        switch kind {
        case "message":
            guard case .bulk(let bytes) = parts[2] else { return }
            if channel == probeChannel { return probeReturned(bytes) }
            guard let topic = keys.topic(ofChannel: channel) else { return }
            live(topic, bytes)
        case "subscribe":
            if channel == probeChannel { return subscriberProven() }
            if let topic = keys.topic(ofChannel: channel) { confirmed(topic) }
        default: break  // `unsubscribe`: forgotten already.
        }
    }

    private func live(_ topic: String, _ bytes: [UInt8]) {
        guard let item = RedisWire.liveItem(bytes) else {
            // Published by something else. A message of ours that is behind it is noticed by its offset.
            logger.warning("A message on a topic's channel is none of the bus", metadata: ["topic": "\(topic)"])
            return
        }
        guard let actions = table.live(topic, item) else { return }
        perform(actions, topic)
    }

    func perform(_ actions: [Tracker.Action], _ topic: String) {
        for action in actions {
            switch action {
            case .deliver(let item, let repaired): deliver(item, topic, repaired: repaired)
            case .duplicate(let position):
                logger.trace("A doubled message was skipped", metadata: Self.metadata(topic, position))
            case .fetch(let fetch):
                fetches.append((topic, fetch))
                startFetches()
            case .lost(let count):
                // While it lingers, nobody misses anything.
                guard table.isWanted(topic) else { continue }
                shared.update { $0.lost &+= count }
                logger.warning(
                    "\(count) messages of a topic are lost: Redis does not remember them any more",
                    metadata: ["topic": "\(topic)"])
            case .restarted(let epoch):
                logger.warning(
                    "A topic begins anew: Redis has lost or forgotten its state",
                    metadata: ["topic": "\(topic)", "epoch": "\(epoch)"])
            }
        }
    }

    private func deliver(_ item: Tracker.Item, _ topic: String, repaired: Bool) {
        // Unsubscribed, but lingering: the tracker goes on, delivery has ended.
        guard let deliver, table.isWanted(topic) else { return }
        do {
            let envelope = try BusEnvelope(
                decoding: item.body, maximumPayloadBytes: configuration.maximumPayloadBytes)
            logger.debug(
                "Message from the bus",
                metadata: Self.metadata(topic, item.position, correlation: envelope.headers.correlation))
            shared.update { status in
                status.delivered &+= 1
                if repaired { status.repaired &+= 1 }
            }
            deliver(
                BusMessage(topic: topic, payload: envelope.payload, headers: envelope.headers, position: item.position))
        } catch {
            shared.update { $0.lost &+= 1 }
            var metadata = Self.metadata(topic, item.position)
            metadata["reason"] = "\(error)"
            logger.warning("A message of a topic cannot be read", metadata: metadata)
        }
    }

    private static func metadata(
        _ topic: String, _ position: BusPosition, correlation: String? = nil
    ) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["topic": "\(topic)", "offset": "\(position.offset)"]
        if let correlation { metadata["correlation"] = "\(correlation)" }
        return metadata
    }

    // MARK: - Histories

    /// A bounded number at once, so that publishes do not stand behind the repair of all topics.
    private func startFetches() {
        while activeFetches < configuration.concurrentRepairs, let (topic, fetch) = fetches.popFirst() {
            guard table.isCurrent(topic, fetch) else { continue }
            activeFetches += 1
            let limit = configuration.historyPage
            readHistory(topic, epoch: fetch.epoch ?? "", after: fetch.after, limit: limit) { [self] result in
                activeFetches -= 1
                fetched(topic, fetch, result, limit)
                startFetches()
            }
        }
    }

    private func fetched(
        _ topic: String, _ fetch: Tracker.Fetch, _ result: Result<RESPValue, BusError>, _ limit: Int
    ) {
        if case .success(let reply) = result, let history = RedisWire.history(reply, id: fetch.id, limit: limit) {
            return perform(table.history(topic, history), topic)
        }
        guard table.historyFailed(topic, fetch) else { return }
        // While a connection ends, its commands fail before the link takes notice.
        if publisher.connection.map({ $0.closeReason != nil }) ?? true {
            unrepaired.insert(topic)
            return
        }
        logger.warning(
            "The history of a topic cannot be read; trying again in a second",
            metadata: ["topic": "\(topic)", "reason": "\(result.failureText)"])
        eventLoop.scheduleTask(in: .seconds(1)) { [self] in perform(table.retry(topic), topic) }
    }
}

extension Result where Success == RESPValue, Failure == BusError {
    fileprivate var failureText: String {
        switch self {
        case .success(let reply): "Redis answered with \(reply.kind)"
        case .failure(let error): "\(error)"
        }
    }
}

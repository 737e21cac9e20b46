import Logging
import LoopguardBus
import NIOCore

/// Subscribing, unsubscribing, and what follows from a confirmation.
extension RedisBusCore {
    func subscribe(_ topic: String, _ subscribed: EventLoopPromise<Void>) {
        eventLoop.assertInEventLoop()
        guard !shared.isClosed else { return subscribed.fail(BusError(.closed, "The bus has been shut down.")) }
        guard table.entries.count < configuration.maximumTopics || table.entries[topic] != nil else {
            return subscribed.fail(
                BusError(.overloaded, "\(table.entries.count) topics are subscribed already (maximumTopics)."))
        }
        let waits = isFullyReady
        let isThere = table.subscribe(topic, waiter: waits ? { subscribed.succeed() } : nil)
        if isThere || !waits { subscribed.succeed() }
        schedulePump()
    }

    func unsubscribe(_ topic: String) {
        eventLoop.assertInEventLoop()
        table.unsubscribe(topic, now: .now())
        armLinger()
    }

    private func armLinger() {
        guard lingerTimer == nil, !shared.isClosed, let next = table.nextLinger else { return }
        lingerTimer = eventLoop.scheduleTask(deadline: next) { [self] in
            lingerTimer = nil
            let topics = table.lingered(now: .now())
            send("UNSUBSCRIBE", topics)
            armLinger()
        }
    }

    /// Gathers the requests of one turn of the loop.
    func schedulePump() {
        guard !isPumpScheduled, !shared.isClosed else { return }
        isPumpScheduled = true
        eventLoop.execute { [self] in
            isPumpScheduled = false
            pump()
        }
    }

    private func pump() {
        if let connection = publisher.connection {
            for topic in table.takeNew() { readPosition(topic, connection) }
        }
        guard subscriber.isReady else { return }
        while true {
            let topics = table.takePositioned(limit: configuration.subscribeBatch)
            guard !topics.isEmpty else { return }
            send("SUBSCRIBE", topics)
        }
    }

    private func readPosition(_ topic: String, _ connection: RedisConnection) {
        connection.send(RedisCommand("HMGET", keys.meta(topic), "e", "o"), patience: patience) { [self] result in
            switch result {
            case .success(let reply):
                let position = RedisWire.trackedPosition(reply)
                if position == nil {
                    logger.warning(
                        "The place of a topic cannot be read from Redis",
                        metadata: ["topic": "\(topic)", "reply": "\(reply.kind)"])
                }
                table.positioned(topic, at: position)
            case .failure: table.positionFailed(topic)
            }
            schedulePump()
        }
    }

    private func send(_ name: String, _ topics: [String]) {
        guard let connection = subscriber.connection else { return }
        var rest = topics[...]
        while !rest.isEmpty {
            var command = RedisCommand(name)
            for topic in rest.prefix(configuration.subscribeBatch) { command.append(keys.channel(topic)) }
            connection.push(command)
            rest = rest.dropFirst(configuration.subscribeBatch)
        }
    }

    func confirmed(_ topic: String) {
        let (actions, waiters) = table.confirmed(topic)
        // Performed before anybody is told: a failed fetch must be known by then.
        perform(actions, topic)
        for waiter in waiters { waiter() }
    }

    func schedulePositionCheck() {
        guard !shared.isClosed else { return }
        checkTimer = eventLoop.scheduleTask(in: TimeAmount(configuration.positionCheckInterval)) { [self] in
            if isFullyReady {
                for (topic, actions) in table.verifyQuiet() { perform(actions, topic) }
            }
            schedulePositionCheck()
        }
    }
}

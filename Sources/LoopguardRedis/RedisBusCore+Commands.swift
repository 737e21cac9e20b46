import LoopguardBus
import NIOCore

/// Commands of callers. All of them answer `.unavailable` at once when the publisher is not connected.
extension RedisBusCore {
    func publish(
        topic: String, envelope: [UInt8], idempotencyKey: String?,
        completion: @escaping (Result<BusPosition, BusError>) -> Void
    ) {
        var keys = [keys.meta(topic), keys.stream(topic)]
        if let idempotencyKey { keys.append(self.keys.idempotency(idempotencyKey, topic: topic)) }
        let epoch = nextEpoch()
        call(.publish, keys: keys) { [self] command in
            command.append(epoch)
            command.append(envelope)
            command.append(self.keys.channel(topic))
            command.append("\(configuration.historyMessages)")
            command.append("\(configuration.historyLifetime.redisMilliseconds)")
            command.append("\(configuration.topicLifetime.redisMilliseconds)")
            command.append("\(configuration.idempotencyLifetime.redisMilliseconds)")
        } completion: { result in
            completion(
                result.flatMap { reply in
                    guard let position = RedisWire.position(reply) else {
                        return .failure(.unexpected(reply, "publish"))
                    }
                    return .success(position)
                })
        }
    }

    func lease(
        _ name: String, owner: String, ttlMilliseconds: Int, completion: @escaping (Result<Bool, BusError>) -> Void
    ) {
        call(.lease, keys: [keys.lease(name)]) { command in
            command.append(owner)
            command.append("\(ttlMilliseconds)")
        } completion: { result in
            completion(
                result.flatMap { reply in
                    guard case .integer(let value) = reply else { return .failure(.unexpected(reply, "lease")) }
                    return .success(value == 1)
                })
        }
    }

    func history(
        topic: String, after position: BusPosition?, limit: Int,
        completion: @escaping (Result<BusHistory, BusError>) -> Void
    ) {
        let limit = max(1, min(limit, configuration.historyPage))
        let maximumPayloadBytes = configuration.maximumPayloadBytes
        readHistory(topic, epoch: position?.epoch ?? "", after: position?.offset ?? 0, limit: limit) { result in
            completion(
                result.flatMap { reply in
                    guard let history = RedisWire.history(reply, id: 0, limit: limit) else {
                        return .failure(.unexpected(reply, "history"))
                    }
                    return .success(
                        BusHistory(history, topic: topic, after: position, maximumPayloadBytes: maximumPayloadBytes))
                })
        }
    }

    func readHistory(
        _ topic: String, epoch: String, after: UInt64, limit: Int,
        completion: @escaping (Result<RESPValue, BusError>) -> Void
    ) {
        call(.history, keys: [keys.meta(topic), keys.stream(topic)]) { command in
            command.append(epoch)
            command.append("\(after)")
            command.append("\(limit)")
        } completion: {
            completion($0)
        }
    }

    /// Calls a script by its digest, and by its text when Redis has forgotten it (`SCRIPT FLUSH`, fail-over): then it has
    /// not run, so calling it again repeats nothing.
    private func call(
        _ script: RedisScript, keys: [String], arguments: @escaping (inout RedisCommand) -> Void,
        completion: @escaping RedisConnection.Completion
    ) {
        guard let connection = publisher.connection, let digest = digests[script] else {
            return completion(
                .failure(
                    shared.isClosed
                        ? BusError(.closed, "The bus has been shut down.")
                        : BusError(.unavailable, "Nothing was sent. \(shared.status.detail)")))
        }
        func command(_ name: String, _ what: String) -> RedisCommand {
            var command = RedisCommand(name, what, "\(keys.count)")
            for key in keys { command.append(key) }
            arguments(&command)
            return command
        }
        connection.send(command("EVALSHA", digest), patience: patience) { [self] result in
            guard case .success(.error(let text)) = result, text.hasPrefix("NOSCRIPT") else {
                return completion(checked(result, connection))
            }
            connection.send(command("EVAL", script.source), patience: patience) { [self] in
                completion(checked($0, connection))
            }
        }
    }

    /// Turns an error reply into an error. One that tells that this server is the wrong one, or not ready, closes the
    /// connection: after a fail-over the address may lead elsewhere.
    private func checked(
        _ result: Result<RESPValue, BusError>, _ connection: RedisConnection
    ) -> Result<RESPValue, BusError> {
        guard case .success(.error(let text)) = result else { return result }
        let code = text.prefix { $0 != " " }
        if ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH"].contains(code) || text.contains("-READONLY") {
            let error = BusError(
                .unavailable, "Redis at \(configuration.url.address) does not take commands now. It said: \(text)")
            connection.close(reason: error)
            return .failure(error)
        }
        if code == "OOM" {
            return .failure(
                BusError(
                    .refused, "Redis is out of memory; raise maxmemory or let it evict volatile keys. It said: \(text)")
            )
        }
        return .failure(BusError(.refused, "Redis at \(configuration.url.address) refused: \(text)"))
    }
}

extension BusError {
    static func unexpected(_ reply: RESPValue, _ what: String) -> BusError {
        BusError(.protocolViolation, "Redis answered \(what) with \(reply.kind).")
    }
}

extension BusHistory {
    fileprivate init(
        _ history: SubscriptionTable.Tracker.History, topic: String, after position: BusPosition?,
        maximumPayloadBytes: Int
    ) {
        guard let top = history.top else {
            self = .none
            return
        }
        let sameEpoch = position == nil || position?.epoch == top.epoch
        let after = sameEpoch ? position?.offset ?? 0 : 0
        var isContiguous = sameEpoch
        var expected = after
        var messages: [BusMessage] = []
        for item in history.items {
            expected += 1
            guard item.position.offset == expected,
                let envelope = try? BusEnvelope(decoding: item.body, maximumPayloadBytes: maximumPayloadBytes)
            else {
                isContiguous = false
                expected = item.position.offset
                continue
            }
            messages.append(
                BusMessage(
                    topic: topic, payload: envelope.payload, headers: envelope.headers, position: item.position))
        }
        self.init(
            messages: messages, top: top,
            isComplete: isContiguous && (history.hasMore || expected == top.offset), hasMore: history.hasMore)
    }
}

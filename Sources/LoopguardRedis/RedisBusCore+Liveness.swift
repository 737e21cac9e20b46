import LoopguardBus
import NIOCore

/// Performs what ``LivenessProbe`` decides.
extension RedisBusCore {
    func beginProbing() {
        probe = LivenessProbe(interval: TimeAmount(configuration.probeInterval), now: .now())
        armProbe()
    }

    func endProbing() {
        probe = nil
        probeTimer?.cancel()
        probeTimer = nil
    }

    func probeReturned(_ bytes: [UInt8]) {
        guard let number = UInt64(String(decoding: bytes, as: UTF8.self)) else { return }
        probe?.probeReturned(number)
    }

    private func armProbe() {
        guard let probe else { return }
        probeTimer?.cancel()
        probeTimer = eventLoop.scheduleTask(deadline: probe.nextTick) { [self] in tick() }
    }

    private func tick() {
        guard let verdict = probe?.tick(now: .now()), let connection = subscriber.connection else { return }
        let address = configuration.url.address
        switch verdict {
        case .probe(let number):
            connection.push(RedisCommand("PING"))
            sendProbe(number)
        case .silent(let time):
            return connection.close(
                reason: BusError(
                    .unavailable,
                    "The subscriber connection to Redis at \(address) was silent for \(time.milliseconds) ms in spite of PING."
                ))
        case .wedged(let time):
            return connection.close(
                reason: BusError(
                    .unavailable,
                    "Redis at \(address) accepted a message \(time.milliseconds) ms ago and did not deliver it to the "
                        + "subscriber connection."))
        }
        armProbe()
    }

    private func sendProbe(_ number: UInt64) {
        let command = RedisCommand("PUBLISH", probeChannel, "\(number)")
        publisher.connection?.send(command, patience: patience) { [self] result in
            guard case .success(.integer) = result else { return }
            probe?.probeAccepted(number, now: .now())
        }
    }
}

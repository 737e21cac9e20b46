import NIOCore

/// Tells whether the subscriber connection really delivers: a value, driven by events and the time.
///
/// Each interval sends a `PING` on the subscriber and publishes a probe to a channel of this worker through the publisher.
/// A half-open connection brings neither back; a wedged one (after some fail-overs) answers the ping, but not the probe.
struct LivenessProbe: Sendable {
    enum Verdict: Sendable, Equatable {
        /// Ping, and publish the probe with this number.
        case probe(UInt64)
        /// Nothing at all came for so long.
        case silent(TimeAmount)
        /// Redis accepted the probe that long ago and did not deliver it.
        case wedged(TimeAmount)
    }

    private let interval: TimeAmount
    private var lastHeard: NIODeadline
    private var due: NIODeadline
    private var number: UInt64 = 0
    /// The last probe, once Redis has accepted it; nil after it came back.
    private var accepted: (number: UInt64, at: NIODeadline)?
    private var lastReturned: UInt64 = 0

    /// - Parameter now: The time at which the subscription was confirmed.
    init(interval: TimeAmount, now: NIODeadline) {
        self.interval = interval
        lastHeard = now
        due = now + interval
    }

    /// When to call ``tick(now:)`` next.
    var nextTick: NIODeadline { due }

    /// Anything arrived on the subscriber.
    mutating func heard(now: NIODeadline) { lastHeard = now }

    /// Redis accepted the publish of the probe.
    mutating func probeAccepted(_ number: UInt64, now: NIODeadline) {
        guard number == self.number, number > lastReturned else { return }
        accepted = (number, now)
    }

    /// The probe arrived on the subscriber.
    mutating func probeReturned(_ number: UInt64) {
        lastReturned = max(lastReturned, number)
        if let accepted, accepted.number <= number { self.accepted = nil }
    }

    mutating func tick(now: NIODeadline) -> Verdict {
        let lateness = now - due
        due = now + interval
        // Were we ourselves held up, then the replies wait in the socket: no verdict on the broker before they are read.
        if lateness <= .nanoseconds(interval.nanoseconds / 2) {
            // Every interval asks for an answer, so one and a half without any are two ticks in silence.
            if now - lastHeard >= .nanoseconds(interval.nanoseconds / 2 * 3) { return .silent(now - lastHeard) }
            if let accepted, now - accepted.at >= interval { return .wedged(now - accepted.at) }
        }
        // The probe that is still out stays the one to be judged.
        if accepted == nil { number += 1 }
        return .probe(number)
    }
}

import LoopguardCore
import LoopguardRedis

/// What is known of the other hosts. Pure; times count from a beginning of the owner's.
struct HostBook {
    /// Between two exchanges of a host with Redis.
    static let interval = Duration.seconds(1)

    struct Limits: Equatable {
        /// A host that has said nothing for this long is shown as silent; it speaks every ``interval``.
        var silentAfter = Duration.seconds(3)
        /// …and for this long is forgotten.
        var keep = Duration.seconds(3600)
        var noteBytes = 256 << 10
        /// Workers of one host that are looked at.
        var workers = 64
    }

    private struct Host {
        var version: String
        /// Changes whenever it has been heard. What it says, a time, is of no matter here: no clock but ours and its changing are
        /// trusted, so a Redis that takes over from another with a wrong clock makes nobody silent.
        var beat: String
        var heardAt: Duration
        var writtenAt: Duration
        var status: ClusterStatus?
        /// Why its note cannot be used.
        var problem: String?
    }

    private let limits: Limits
    private var hosts: [String: Host] = [:]
    /// Why Redis did not answer the last time, or nil.
    private var failure: String?
    private var answeredAt: Duration?

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Versions that need not be sent again.
    var known: [String: String] { hosts.mapValues(\.version) }

    /// Redis has answered.
    mutating func heard(_ notes: [RedisBoard.Note], at now: Duration) {
        failure = nil
        let before = answeredAt
        answeredAt = now
        var seen: [String: Host] = [:]
        for note in notes where !note.host.isEmpty && note.host.utf8.count <= 255 {
            var host =
                hosts[note.host]
                ?? Host(
                    version: "", beat: note.beat, heardAt: now - .milliseconds(note.heardMsAgo), writtenAt: now,
                    status: nil, problem: nil)
            if note.beat != host.beat {
                // Since our last look, and no earlier.
                let sinceLook = before.map { now - $0 } ?? .milliseconds(note.heardMsAgo)
                host.heardAt = max(host.heardAt, now - min(.milliseconds(note.heardMsAgo), sinceLook))
                host.beat = note.beat
            }
            host.writtenAt = now - .milliseconds(note.writtenMsAgo)
            if note.version != host.version || note.text != nil { read(note, into: &host) }
            seen[note.host] = host
        }
        // Redis forgets hosts that have left at once; it tells all others.
        hosts = seen
    }

    /// Redis has not answered: what was known is kept, and grows old.
    mutating func failed(_ reason: String, at now: Duration) {
        failure = reason
        hosts = hosts.filter { now - $0.value.heardAt < limits.keep }
    }

    private func read(_ note: RedisBoard.Note, into host: inout Host) {
        host.version = note.version
        host.problem = nil
        guard let text = note.text else {
            host.problem = "its status has \(note.length) bytes, more than \(limits.noteBytes)"
            return
        }
        do {
            let status: ClusterStatus = try StallJSON.decode(from: text, maxBytes: limits.noteBytes)
            guard status.workers.count <= limits.workers else {
                host.problem = "it claims to have \(status.workers.count) workers"
                return
            }
            host.status = status
        } catch {
            host.problem = "its status cannot be read (another version?)"
        }
    }

    /// The workers of the other hosts by name, and a line for whatever is not known.
    func view(at now: Duration) -> (workers: [ClusterStatus.WorkerView], notes: [String]) {
        var workers: [ClusterStatus.WorkerView] = []
        var notes: [String] = []
        if let failure {
            let since = answeredAt.map { "; last heard of them \(Self.seconds(now - $0)) ago" } ?? ""
            notes.append("other hosts are unknown: \(failure)\(since)")
        }
        for (name, host) in hosts.sorted(by: { $0.key < $1.key }) where now - host.heardAt < limits.keep {
            // When we have not asked for a while, being short of a CPU, that is no silence of the other's.
            let known = failure == nil ? min(now, (answeredAt ?? now) + Self.interval) : now
            let silence = max(.zero, known - host.heardAt)
            let isSilent = silence > limits.silentAfter
            if let problem = host.problem { notes.append("host \(name): \(problem)") }
            if isSilent { notes.append("host \(name) is silent for \(Self.seconds(silence))") }
            let age = Self.nanoseconds(isSilent ? silence : max(.zero, now - host.writtenAt))
            for view in host.status?.workers ?? [] {
                var view = view
                view.host = name
                if isSilent { view.state = "silent" }
                view.silentForNs =
                    view.silentForNs.addingReportingOverflow(age).overflow ? .max : view.silentForNs + age
                workers.append(view)
            }
        }
        return (workers, notes)
    }

    private static func seconds(_ duration: Duration) -> String { "\(max(0, duration.components.seconds)) s" }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}

import Foundation
import Loopguard
import NIOCore
import Synchronization

/// The supervisor's side of self-tests: sends one to a worker and waits for the answer. One at a time.
final class SelfTestDesk: Sendable {
    /// What an answer may take longer than the stall.
    static let patience = Duration.seconds(5)

    private struct State {
        /// Descriptors of workers that are up, by process, with the worker's slot.
        var links: [Int: (slot: Int, descriptor: CInt)] = [:]
        var lastID: UInt64 = 0
        var waiter: (id: UInt64, process: Int, continuation: CheckedContinuation<SelfTestMessages.Answer?, Never>)?
        var isBusy = false
    }
    private let state = Mutex(State())

    func opened(process: Int, slot: Int, descriptor: CInt) {
        state.withLock { $0.links[process] = (slot, descriptor) }
    }

    /// Call before the descriptor is closed.
    func closed(process: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<SelfTestMessages.Answer?, Never>? in
            state.links[process] = nil
            guard let waiter = state.waiter, waiter.process == process else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: nil)
    }

    func answered(_ answer: SelfTestMessages.Answer) { finish(answer.id, answer) }

    private func finish(_ id: UInt64, _ answer: SelfTestMessages.Answer?) {
        let waiter = state.withLock { state -> CheckedContinuation<SelfTestMessages.Answer?, Never>? in
            guard let waiter = state.waiter, waiter.id == id else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: answer)
    }

    /// - Parameter timer: ends the wait: a loop that runs no users' code, whatever the tasks of the process do.
    func perform(
        _ request: SelfTestRequest, maximumMilliseconds: Int, timer: any EventLoop
    ) async -> Result<SelfTest.Outcome, SelfTestRequest.Refusal> {
        let worker = request.worker ?? 1
        let isFree = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFree else { return .failure(.init(409, "a self-test is under way: wait for its end.")) }
        defer { state.withLock { $0.isBusy = false } }
        let patience = Duration.milliseconds(request.test.milliseconds) + Self.patience
        let answer = await withCheckedContinuation { continuation in
            let sent = state.withLock { state -> UInt64? in
                // During a rolling restart a slot has two: the newer one.
                guard
                    let process = state.links.filter({ $0.value.slot == worker }).keys.max(),
                    let link = state.links[process]
                else { return nil }
                state.lastID += 1
                let command = SelfTestMessages.Command(
                    id: state.lastID, test: request.test, maximumMilliseconds: maximumMilliseconds)
                let line = SelfTestMessages.line(command)
                // Short, and never waits: a worker that reads nothing has a full buffer only after many of these.
                guard send(link.descriptor, line, line.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) == line.count
                else { return nil }
                state.waiter = (state.lastID, process, continuation)
                return state.lastID
            }
            guard let sent else { return continuation.resume(returning: nil) }
            timer.scheduleTask(in: TimeAmount(patience)) { self.finish(sent, nil) }
        }
        if let outcome = answer?.outcome { return .success(outcome) }
        if let refusal = answer?.refusal { return .failure(refusal) }
        guard state.withLock({ state in state.links.values.contains { $0.slot == worker } }) else {
            return .failure(.init(404, "there is no worker \(worker) at the moment."))
        }
        return .failure(
            .init(
                504,
                "worker \(worker) has not finished the self-test in \(patience.components.seconds) s: the loop may be "
                    + "held by a stall of its own (see /debug/stalls), or the worker is stopped."))
    }
}

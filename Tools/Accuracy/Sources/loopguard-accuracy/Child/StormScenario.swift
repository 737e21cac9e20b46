import CAccuracy
import CLoopguard
import LoopguardCapture
import LoopguardCore
import Synchronization

/// Captures back to back of a thread that is where a capture could hurt: in the allocator, the loader, the unwinder.
extension Scenario {
    static func storms(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.storms.rawValue)
        let library = PlantPreparation.slowLibrary(in: plan.directory)
        if library == nil { result.skipped.append(Skip(name: "dlopen storm", reason: "no C compiler (cc)")) }
        let perStorm = plan.isSmoke ? 1_000 : 25_000
        var victims: [(String, @Sendable () -> Void)] = [
            ("malloc", { acc_storm_malloc() }),
            ("dl_iterate_phdr", { acc_storm_phdr() }),
            ("exceptions", { acc_storm_unwind() }),
        ]
        if let library { victims.append(("dlopen", { acc_storm_dlopen(library) })) }
        let capturer = try StackCapturer()
        for (index, victim) in victims.enumerated() {
            progress.step(index + 1, of: victims.count)
            if let storm = Self.storm(victim.0, captures: perStorm, capturer, victim.1) { result.storms.append(storm) }
        }
        return result
    }

    private final class Victim: Sendable {
        // SAFETY: slots are never freed; the fields used are atomics.
        nonisolated(unsafe) let slot: UnsafeMutablePointer<lg_slot>
        let body: @Sendable () -> Void
        let turns = Atomic<UInt64>(0)
        let ends = Atomic<Bool>(false)

        init?(_ body: @escaping @Sendable () -> Void) {
            guard let slot = lg_slot_create("storm", 1_000_000) else { return nil }
            self.slot = slot
            self.body = body
        }

        func run() {
            guard lg_slot_bind(slot) == 0 else { return }
            while !ends.load(ordering: .relaxed) {
                body()
                turns.add(1, ordering: .relaxed)
            }
            lg_slot_unbind(slot)
        }
    }

    private static func storm(
        _ name: String, captures: Int, _ capturer: StackCapturer, _ body: @escaping @Sendable () -> Void
    ) -> Storm? {
        guard let victim = Victim(body) else { return nil }
        let thread = acc_after(
            0, { Unmanaged<Victim>.fromOpaque($0!).takeRetainedValue().run() },
            Unmanaged.passRetained(victim).toOpaque())
        // A second one beside it: locks are contended.
        let rival = acc_after(
            0,
            { argument in
                let victim = Unmanaged<Victim>.fromOpaque(argument!).takeRetainedValue()
                while !victim.ends.load(ordering: .relaxed) { victim.body() }
            }, Unmanaged.passRetained(victim).toOpaque())
        while !lg_slot_is_bound(victim.slot), victim.turns.load(ordering: .relaxed) == 0 { acc_touch() }
        var counts: [CaptureValidity: Int] = [:]
        var costs: [UInt64] = []
        for _ in 0..<captures {
            let stack = capturer.capture(slot: victim.slot, tick: lg_busy_since(victim.slot))
            counts[stack.validity, default: 0] += 1
            costs.append(stack.costNs)
        }
        victim.ends.store(true, ordering: .relaxed)
        acc_join(thread)
        acc_join(rival)
        let cost = Distribution(costs)
        return Storm(
            name: name, captures: captures, verified: counts[.verified] ?? 0, partial: counts[.partial] ?? 0,
            stale: counts[.stale] ?? 0, notCaptured: counts[.notCaptured] ?? 0, costP50Ns: cost.p50Ns ?? 0,
            costP99Ns: cost.p99Ns ?? 0, turns: victim.turns.load(ordering: .relaxed))
    }
}

import CLoopguard
import LoopguardCapture

/// Carries the one ``StackCapturer`` and the one ``HostProbe`` to the watchdog's thread.
final class CapturerBox: @unchecked Sendable {
    // SAFETY: made and probed before the watchdog's thread starts; from then on only that thread uses the two.
    private let capturer: StackCapturer
    let host = HostProbe()

    init() throws(LoopguardError) {
        do { capturer = try StackCapturer() } catch {
            throw LoopguardError(.resources, "the stack capture cannot be prepared.", cause: error)
        }
    }

    func facilities() -> [String] { LoopguardCapture.facilities() }

    func willSleep() { host.willSleep() }
    func wokeUp(latenessNs: UInt64, wasRung: Bool) { host.wokeUp(latenessNs: latenessNs, wasRung: wasRung) }

    func capture(thread tid: Int32) -> CapturedStack { capturer.capture(thread: tid) }

    func capture(slot: SlotPointer, tick: UInt64) -> CapturedStack {
        capturer.capture(slot: slot.pointer, tick: tick)
    }
}

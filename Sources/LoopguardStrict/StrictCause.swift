import CLoopguard
import CLoopguardStrict
import LoopguardCapture
import LoopguardCore

/// Puts an offence into the terms of stall reports.
enum StrictCause {
    static func of(_ record: lg_record) -> StallCause {
        let name = String(cString: lg_call_name(record.call))
        let kernel = record.system_call >= 0 ? kernelCall(record) : nil
        var cause = StallCause(
            category: category(lg_call_class_of(record.call)), summary: "\(name)() on an event loop",
            systemCall: kernel?.name ?? name, target: kernel?.target, lockOwner: kernel?.lockOwner,
            shares: CauseShares(waiting: 1))
        if let target = kernel?.target, !target.isEmpty, !target.hasPrefix("futex") {
            cause.summary += ": \(target)"
        }
        if let owner = kernel?.lockOwner { cause.summary += ": held by thread \(owner)" }
        if record.site_calls > 1 {
            let milliseconds = record.site_ns / 1_000_000
            cause.evidence.append(
                "call number \(record.site_calls) of this place; the earlier ones took \(milliseconds) ms together")
        }
        if let allowance = record.allowance {
            let reason = Allowances.shared.reason(of: allowance) ?? "?"
            cause.evidence.append(
                lg_allowance_is_expired(allowance)
                    ? "its allowance (\(reason)) has expired" : "longer than its allowance (\(reason)) permits")
        }
        return cause
    }

    /// Name and subject. The call may be over by now: then its descriptor or lock may have changed, and memory may be gone,
    /// which is survived.
    private static func kernelCall(_ record: lg_record) -> BlockedCall? {
        let arguments = [record.arguments.0, record.arguments.1, record.arguments.2, 0, 0, 0]
        return describe(
            call: .blocked(number: record.system_call, arguments: arguments, stackPointer: 0, programCounter: 0),
            tid: lg_slot_tid(record.slot))
    }

    private static func category(_ kind: lg_call_class) -> CauseCategory {
        switch kind {
        case LG_CLASS_LOCK, LG_CLASS_EVENT: .lockWait
        case LG_CLASS_DISK, LG_CLASS_FILE: .disk
        default: .blockedInSystemCall
        }
    }
}

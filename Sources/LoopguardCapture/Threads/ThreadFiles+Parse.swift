import LoopguardCore

/// `/proc/self/task/TID/schedstat`.
struct ThreadSchedule: Equatable {
    var cpuNs: UInt64 = 0
    var runDelayNs: UInt64 = 0
    var timeslices: UInt64 = 0

    /// Nil when the content is not understood.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> ThreadSchedule? {
        var fields = ProcFields(bytes)
        guard let cpu = fields.decimal(), let delay = fields.decimal(), let slices = fields.decimal() else {
            return nil
        }
        return ThreadSchedule(cpuNs: cpu, runDelayNs: delay, timeslices: slices)
    }
}

/// The fields of `/proc/self/task/TID/stat` that are of use.
struct ThreadStatus: Equatable {
    var state: Character = "?"
    var majorFaults: UInt64 = 0
    var userTicks: UInt64 = 0
    var systemTicks: UInt64 = 0

    /// Nil when the content is not understood.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> ThreadStatus? {
        // The thread's name stands in parentheses and may itself hold spaces and parentheses: the last one ends it.
        guard let close = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var fields = ProcFields(UnsafeRawBufferPointer(rebasing: bytes[(close + 1)...]))
        guard let state = fields.word(), state.count == 1, state[0] < 0x80,
            // ppid pgrp session tty tpgid flags minflt cminflt
            fields.skip(8), let major = fields.decimal(), fields.skip(1),
            let user = fields.decimal(), let system = fields.decimal()
        else { return nil }
        return ThreadStatus(
            state: Character(UnicodeScalar(state[0])), majorFaults: major, userTicks: user, systemTicks: system)
    }
}

extension SystemCallState {
    /// Content of `/proc/self/task/TID/syscall`; `.unavailable` when it is not understood.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> SystemCallState {
        var fields = ProcFields(bytes)
        guard let first = fields.word() else { return .unavailable }
        if first.elementsEqual("running".utf8) { return .running }
        if first.elementsEqual("-1".utf8) {
            guard let stack = fields.hexadecimal(), let counter = fields.hexadecimal() else { return .unavailable }
            return .outsideSystemCall(stackPointer: stack, programCounter: counter)
        }
        guard let number = ProcFields.number(first[...], radix: 10), number < 1 << 16 else { return .unavailable }
        var arguments: [UInt64] = []
        arguments.reserveCapacity(6)
        for _ in 0..<6 {
            guard let argument = fields.hexadecimal() else { return .unavailable }
            arguments.append(argument)
        }
        guard let stack = fields.hexadecimal(), let counter = fields.hexadecimal() else { return .unavailable }
        return .blocked(
            number: Int(number), arguments: arguments, stackPointer: stack, programCounter: counter)
    }
}

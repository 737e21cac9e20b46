import Glibc
public import LoopguardCore

/// Says in people's terms what a blocked thread waits for.
///
/// Reads the arguments' memory fault-safely and asks the kernel about descriptors. Never blocks and never looks up a name.
/// The thread may have moved on since the sample: then the answer is of no worth, but harmless. Any thread.
///
/// - Parameters:
///   - call: from ``ThreadProbe/sample()``.
///   - tid: the blocked thread.
///   - lockOwnerName: the name of a thread of this process, nil when there is no such thread. Default: its `comm`.
/// - Returns: nil unless the thread is blocked in a system call.
public func describe(
    call: SystemCallState, tid: Int32, lockOwnerName: (Int32) -> String? = threadName(of:)
) -> BlockedCall? {
    guard case .blocked(let number, let arguments, _, _) = call else { return nil }
    let name = SystemCallNames.name(of: number) ?? "system call \(number)"
    var blocked = BlockedCall(name: name)
    guard let subject = SystemCallSubject.of(name) else { return blocked }
    blocked.target = CallTarget(arguments: arguments).text(subject)
    if subject == .futex {
        var ownerName: String?
        let owner = FutexOwner.find(arguments: arguments, waiter: tid, word: FaultSafe.word32(at:)) { candidate in
            ownerName = lockOwnerName(candidate)
            return ownerName != nil
        }
        if let owner, let ownerName {
            blocked.lockOwner = "\(owner) (\(ownerName))"
            blocked.lockOwnerTid = owner
        }
    }
    return blocked
}

/// The name of a thread of this process (at most 15 bytes), or nil when there is no such thread. Reads `/proc`.
public func threadName(of tid: Int32) -> String? { ThreadName.of(tid) }

/// Turns a call's arguments into text.
private struct CallTarget {
    var arguments: [UInt64]

    func text(_ subject: SystemCallSubject) -> String? {
        switch subject {
        case .descriptor(let index): return descriptor(index).flatMap(Self.describe(descriptor:))
        case .path(let index): return path(index)
        case .pathAt(let directory, let index):
            guard let path = path(index) else { return descriptor(directory).flatMap(Self.describe(descriptor:)) }
            if path.hasPrefix("/") { return path }
            guard let directory = descriptor(directory).flatMap(Self.describe(descriptor:)) else { return path }
            return directory + "/" + path
        case .peer(let descriptor, let address, let length):
            let size = argument(length) ?? 0
            if let start = argument(address), start != 0, (2...128).contains(size),
                let text = SocketAddress.text(FaultSafe.bytes(at: start, count: Int(size)))
            {
                return text
            }
            return self.descriptor(descriptor).flatMap(Self.describe(descriptor:))
        case .futex: return argument(0).map { "futex 0x" + String($0, radix: 16) }
        case .polled(let array, let count): return polled(argument(array) ?? 0, count: argument(count) ?? 0)
        case .process(let index):
            guard let pid = argument(index).map({ Int32(truncatingIfNeeded: $0) }), pid > 0 else { return nil }
            return "process \(pid)"
        }
    }

    private func argument(_ index: Int) -> UInt64? { arguments.indices.contains(index) ? arguments[index] : nil }
    private func descriptor(_ index: Int) -> Int32? { argument(index).map { Int32(truncatingIfNeeded: $0) } }
    private func path(_ index: Int) -> String? { argument(index).flatMap { FaultSafe.string(at: $0) } }

    /// Most descriptors of a poll that are named.
    private static let maxPolled = 3

    private func polled(_ array: UInt64, count: UInt64) -> String? {
        let size = MemoryLayout<pollfd>.stride
        let bytes = FaultSafe.bytes(at: array, count: Int(min(count, UInt64(Self.maxPolled))) * size)
        let names = stride(from: 0, to: bytes.count / size * size, by: size).compactMap { offset -> String? in
            let descriptor = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int32.self) }
            return Self.describe(descriptor: descriptor)
        }
        guard !names.isEmpty else { return nil }
        let more = count > UInt64(Self.maxPolled) ? " and \(count - UInt64(Self.maxPolled)) more" : ""
        return names.joined(separator: ", ") + more
    }

    private static func describe(descriptor: Int32) -> String? {
        guard descriptor >= 0, let link = SmallFile.link("/proc/self/fd/\(descriptor)") else { return nil }
        guard link.hasPrefix("socket:") else { return link }
        return SocketAddress.of(descriptor: descriptor) ?? link
    }
}

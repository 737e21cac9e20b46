import CHiredis
import LoopguardBus
import NIOCore

/// A command with its arguments, all binary safe.
struct RedisCommand: Sendable {
    /// For messages and logs; arguments are never shown (they hold passwords and users' data).
    let name: String
    /// All arguments one after the other: one allocation, whatever their number.
    private var bytes: [UInt8] = []
    private var lengths: [Int] = []

    init(_ name: String, _ arguments: String...) {
        self.name = name
        for part in name.split(separator: " ") { append(String(part)) }
        for argument in arguments { append(argument) }
    }

    mutating func append(_ argument: String) {
        bytes.append(contentsOf: argument.utf8)
        lengths.append(argument.utf8.count)
    }

    mutating func append(_ argument: [UInt8]) {
        bytes.append(contentsOf: argument)
        lengths.append(argument.count)
    }

    /// Bytes of all arguments.
    var byteCount: Int { bytes.count }

    /// Appends the command in wire form to `buffer`.
    ///
    /// - Throws: ``BusError`` with code `.overloaded` when there is no memory for it (or it passes 2 GiB).
    func write(to buffer: inout ByteBuffer) throws(BusError) {
        var target: UnsafeMutablePointer<CChar>?
        let count = bytes.withUnsafeBufferPointer { all -> Int32 in
            // An empty array may have no address, but hiredis wants one for every argument, also for empty ones.
            let base = UnsafeRawPointer(all.baseAddress) ?? UnsafeRawPointer(bitPattern: 1)
            var pointers: [UnsafePointer<CChar>?] = []
            pointers.reserveCapacity(lengths.count)
            var offset = 0
            for length in lengths {
                pointers.append(base.map { ($0 + offset).assumingMemoryBound(to: CChar.self) })
                offset += length
            }
            return redisFormatCommandArgv(&target, Int32(clamping: lengths.count), &pointers, lengths)
        }
        guard count > 0, let target else {
            throw BusError(.overloaded, "No memory for the command \(name) of \(bytes.count) bytes.")
        }
        defer { redisFreeCommand(target) }
        buffer.writeBytes(UnsafeRawBufferPointer(start: target, count: Int(count)))
    }
}

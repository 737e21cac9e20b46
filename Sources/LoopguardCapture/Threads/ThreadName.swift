import Glibc

/// Facts about threads of this process, by thread identifier.
enum ThreadName {
    /// The thread's name (`comm`, at most 15 bytes), or nil when there is no such thread.
    static func of(_ tid: pid_t) -> String? {
        guard tid > 0, let text = SmallFile.read("/proc/self/task/\(tid)/comm", limit: 64) else { return nil }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Whether the thread blocks signal `signal`, from the `SigBlk` line of its status; nil when it cannot be read.
    static func blocks(_ signal: Int32, tid: pid_t) -> Bool? {
        guard signal > 0, signal <= 64, let text = SmallFile.read("/proc/self/task/\(tid)/status", limit: 4096) else {
            return nil
        }
        for line in text.split(separator: "\n") where line.hasPrefix("SigBlk:") {
            guard let mask = UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16) else { return nil }
            return mask & (1 << UInt64(signal - 1)) != 0
        }
        return nil
    }
}

/// Reads small files of `/proc` whole.
enum SmallFile {
    static func read(_ path: String, limit: Int) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, !FaultInjection.fails(.procRead) else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }

    /// Target of a symbolic link.
    static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            // SAFETY: fresh memory of a trivial type, bound to the type that readlink writes.
            let count = readlink(path, base.bindMemory(to: CChar.self, capacity: buffer.count), buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}

import CLoopguard
import Glibc
import NIOCore

/// Wall-clock time, for reports that are read beside other systems' logs.
enum WallClock {
    /// Nanoseconds since 1970.
    static func unixNs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension System {
    /// The machine's name, or `localhost`.
    static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }()

    static let processID: Int32 = getpid()
}

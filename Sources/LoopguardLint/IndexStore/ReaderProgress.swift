import Foundation

#if canImport(Glibc)
    import Glibc
#endif
#if canImport(Musl)
    import Musl
#endif

/// What the reading process tells the one that watches it: the unit or record that it is about to read. The library that
/// reads the index is the compiler's and trusts its files; a damaged one may kill it. See ``IndexReaderGuard``.
final class ReaderProgress: @unchecked Sendable {
    // SAFETY: what changes is changed under `lock`; `serial` is a lock itself.

    /// Names a file descriptor that the child inherits.
    static let descriptorVariable = "LOOPGUARD_LINT_PROGRESS"
    /// Names of units and records, one a line, that killed the library before.
    static let damagedVariable = "LOOPGUARD_LINT_DAMAGED"
    /// Set: one is read at a time, so that it is known which one kills.
    static let serialVariable = "LOOPGUARD_LINT_SERIAL"
    /// Longest name that is told, in bytes.
    static let maximumName = 511

    private let descriptor: Int32?
    private let isSerial: Bool
    /// These are not read again.
    let damaged: Set<String>
    private let lock = NSLock()
    private let serial = NSLock()
    private var active = 0

    /// As the environment says.
    static let current = ReaderProgress(
        descriptor: getenv(descriptorVariable).flatMap { Int32(String(cString: $0)) },
        damaged: getenv(damagedVariable).map { String(cString: $0) } ?? "", isSerial: getenv(serialVariable) != nil)

    init(descriptor: Int32?, damaged: String, isSerial: Bool) {
        self.descriptor = descriptor
        self.damaged = Set(damaged.split(separator: "\n").map(String.init))
        self.isSerial = isSerial
    }

    /// Runs `body`, which reads the unit or record `name`. Any thread.
    func reading<T>(_ name: String, _ body: () throws(IndexStoreError) -> T) throws(IndexStoreError) -> T {
        if damaged.contains(name) {
            throw IndexStoreError(
                .unreadable,
                "\(name) in the index is damaged and is left out; build again to have its file checked in full")
        }
        guard descriptor != nil else { return try body() }
        if isSerial { serial.lock() }
        lock.withLock {
            active += 1
            tell(name)
        }
        defer {
            lock.withLock {
                active -= 1
                if active == 0 { tell("") }
            }
            if isSerial { serial.unlock() }
        }
        return try body()
    }

    private func tell(_ name: String) {
        guard let descriptor else { return }
        var bytes = Array(name.utf8.prefix(Self.maximumName))
        bytes += Array(repeating: 0, count: Self.maximumName + 1 - bytes.count)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// What the child was reading; nil when it was not.
    static func read(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: maximumName + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let name = String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self)
        return name.isEmpty ? nil : name
    }
}

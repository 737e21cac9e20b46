import Glibc
import Synchronization

/// A pipe or socket pair that closes itself.
final class Pair: Sendable {
    let near: Int32
    let far: Int32

    private init(_ near: Int32, _ far: Int32) {
        self.near = near
        self.far = far
    }

    static func pipe() -> Pair {
        var ends: [Int32] = [-1, -1]
        precondition(Glibc.pipe(&ends) == 0)
        return Pair(ends[0], ends[1])
    }

    static func sockets(nonBlocking: Bool = false) -> Pair {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
        return Pair(ends[0], ends[1])
    }

    /// Sockets in blocking mode, with a byte to be read at the near end.
    static func filled() -> Pair {
        let pair = sockets()
        pair.feed()
        return pair
    }

    /// Writes a byte at the far end.
    func feed() {
        var byte: UInt8 = 7
        _ = write(far, &byte, 1)
    }

    deinit {
        close(near)
        close(far)
    }
}

/// A temporary file that removes itself.
final class TemporaryFile: Sendable {
    let path: String
    let descriptor: Int32

    /// With so many bytes in it.
    init(bytes: Int = 0) {
        var template = Array("/tmp/loopguard-strict-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        precondition(descriptor >= 0)
        guard bytes > 0 else { return }
        let zeros = [UInt8](repeating: 0, count: bytes)
        precondition(write(descriptor, zeros, bytes) == bytes)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }
}

/// A descriptor that closes itself.
final class Opened: Sendable {
    private let value = Atomic<Int32>(-1)
    var descriptor: Int32 { value.load(ordering: .relaxed) }

    init() {}

    init(_ path: String, _ flags: Int32 = O_RDONLY) {
        let descriptor = open(path, flags)
        precondition(descriptor >= 0, "\(path): \(errno)")
        value.store(descriptor, ordering: .relaxed)
    }

    /// A socket that is not connected.
    init(unixSocketNonBlocking nonBlocking: Bool) {
        let type = Int32(SOCK_STREAM.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
        value.store(socket(AF_UNIX, type, 0), ordering: .relaxed)
    }

    /// 1 for a descriptor, which is closed later, else what it is.
    func keep(_ descriptor: Int32) -> Int32 {
        guard descriptor >= 0 else { return descriptor }
        value.store(descriptor, ordering: .relaxed)
        return 1
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A listening socket.
final class Listener: Sendable {
    let path = "/tmp/loopguard-strict-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private let listener: Opened
    private let accepted = Opened()
    private let client = Opened(unixSocketNonBlocking: true)
    var descriptor: Int32 { listener.descriptor }

    init(nonBlocking: Bool = false) {
        listener = Opened(unixSocketNonBlocking: nonBlocking)
        let isBound = withUnixAddress(path) { bind(listener.descriptor, $0, $1) } == 0
        precondition(isBound && listen(listener.descriptor, 4) == 0)
    }

    /// Connects a client; once.
    func call() { _ = withUnixAddress(path) { connect(client.descriptor, $0, $1) } }

    /// 1 for a descriptor, which is closed later.
    func keep(_ descriptor: Int32) -> Int32 { accepted.keep(descriptor) }

    deinit { unlink(path) }
}

func withUnixAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix(100))) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}

/// Runs a call that a signal can cut short.
final class Interruptible: Sendable {
    private let thread = Atomic<UInt>(0)

    init() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR2, &action, nil)
    }

    func run(_ body: () -> Outcome) -> Outcome {
        var set = sigset_t()
        var before = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &set, &before)
        thread.store(UInt(pthread_self()), ordering: .releasing)
        defer {
            thread.store(0, ordering: .releasing)
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }

    func interrupt() {
        let target = thread.load(ordering: .acquiring)
        if target != 0 { pthread_kill(pthread_t(target), SIGUSR2) }
    }
}

func withByte<T>(_ body: (UnsafeMutableRawPointer) -> T) -> T {
    var byte: UInt8 = 7
    return body(&byte)
}

func withVector<T>(_ body: (UnsafeMutablePointer<iovec>) -> T) -> T {
    withByte {
        var vector = iovec(iov_base: $0, iov_len: 1)
        return body(&vector)
    }
}

func withMessage<T>(_ body: (UnsafeMutablePointer<msghdr>) -> T) -> T {
    withVector {
        var message = msghdr()
        message.msg_iov = $0
        message.msg_iovlen = 1
        return body(&message)
    }
}

/// `MSG_DONTWAIT`: an enumeration or an integer, depending on the C library's headers.
let dontWait: Int32 = 0x40

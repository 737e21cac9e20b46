import Dispatch
import Glibc
import Synchronization
import Testing

/// A call that strict mode must see, made once.
struct Offence: CustomTestStringConvertible, Sendable {
    /// The name under which it is counted.
    var name: String
    var isFileTier = false
    var call: @Sendable () -> Void
    var testDescription: String { name }

    init(_ name: String, isFileTier: Bool = false, _ call: @escaping @Sendable () -> Void) {
        self.name = name
        self.isFileTier = isFileTier
        self.call = call
    }

    static let all = time + bytes + sockets + files + names + threads

    private static let time: [Offence] = [
        Offence("usleep") { usleep(500) },
        Offence("nanosleep") {
            var time = timespec(tv_sec: 0, tv_nsec: 1000)
            nanosleep(&time, nil)
        },
        Offence("clock_nanosleep") {
            var time = timespec(tv_sec: 0, tv_nsec: 1000)
            clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
        },
        Offence("poll") { poll(nil, 0, 1) },
        Offence("select") {
            var time = timeval(tv_sec: 0, tv_usec: 100)
            select(0, nil, nil, nil, &time)
        },
        Offence("pselect") {
            var time = timespec(tv_sec: 0, tv_nsec: 1000)
            pselect(0, nil, nil, nil, &time, nil)
        },
    ]

    private static let bytes: [Offence] = [
        Offence("read") {
            let pair = Pair.pipe()
            var byte: UInt8 = 0
            later(2) { _ = send(byte: 7, to: pair) }
            _ = read(pair.near, &byte, 1)
        },
        Offence("write") { _ = send(byte: 7, to: Pair.pipe()) },
        Offence("readv") {
            let pair = filledSockets()
            withVector { _ = readv(pair.near, $0, 1) }
        },
        Offence("writev") {
            let pair = Pair.sockets()
            withVector { _ = writev(pair.near, $0, 1) }
        },
        Offence("pread") {
            var byte: UInt8 = 0
            let file = TemporaryFile()
            withExtendedLifetime(file) { _ = pread(file.descriptor, &byte, 1, 0) }
        },
        Offence("pwrite") {
            var byte: UInt8 = 0
            let file = TemporaryFile()
            withExtendedLifetime(file) { _ = pwrite(file.descriptor, &byte, 1, 0) }
        },
    ]

    private static let sockets: [Offence] = [
        Offence("recv") {
            let pair = filledSockets()
            var byte: UInt8 = 0
            _ = recv(pair.near, &byte, 1, 0)
        },
        Offence("recvfrom") {
            let pair = filledSockets()
            var byte: UInt8 = 0
            _ = recvfrom(pair.near, &byte, 1, 0, nil, nil)
        },
        Offence("recvmsg") {
            let pair = filledSockets()
            withVector { vector in
                var message = msghdr()
                message.msg_iov = vector
                message.msg_iovlen = 1
                _ = recvmsg(pair.near, &message, 0)
            }
        },
        Offence("send") {
            var byte: UInt8 = 0
            let pair = Pair.sockets()
            _ = Glibc.send(pair.near, &byte, 1, 0)
        },
        Offence("sendto") {
            var byte: UInt8 = 0
            let pair = Pair.sockets()
            _ = sendto(pair.near, &byte, 1, 0, nil, 0)
        },
        Offence("sendmsg") {
            let pair = Pair.sockets()
            withVector { vector in
                var message = msghdr()
                message.msg_iov = vector
                message.msg_iovlen = 1
                _ = sendmsg(pair.near, &message, 0)
            }
        },
        Offence("accept") { withListener(connects: true) { close(accept($0, nil, nil)) } },
        Offence("connect") { withListener(connects: false) { connectBlocking(to: $0) } },
    ]

    private static let files: [Offence] = [
        Offence("fsync") { fsync(TemporaryFile().descriptor) },
        Offence("fdatasync") { fdatasync(TemporaryFile().descriptor) },
        Offence("open", isFileTier: true) { close(open("/dev/null", O_RDONLY)) },
        Offence("stat", isFileTier: true) {
            var result = stat()
            stat("/", &result)
        },
        Offence("lstat", isFileTier: true) {
            var result = stat()
            lstat("/", &result)
        },
        Offence("flock") {
            let file = TemporaryFile()
            let other = reopened(file)
            flock(other, LOCK_EX)
            later(5) { flock(other, LOCK_UN) }
            flock(file.descriptor, LOCK_EX)
            close(other)
        },
    ]

    private static let names: [Offence] = [
        Offence("getaddrinfo") {
            var found: UnsafeMutablePointer<addrinfo>?
            if getaddrinfo("localhost", "80", nil, &found) == 0 { freeaddrinfo(found) }
        },
        Offence("gethostbyname") { _ = gethostbyname("localhost") },
        // Not a child of ours: fails at once, but the next one might be.
        Offence("waitpid") { waitpid(1, nil, 0) },
        Offence("waitid") {
            var info = siginfo_t()
            waitid(P_PID, 1, &info, WEXITED)
        },
    ]
}

private func send(byte: UInt8, to pair: Pair) -> Int {
    var byte = byte
    return write(pair.far, &byte, 1)
}

private func filledSockets() -> Pair {
    let pair = Pair.sockets()
    var byte: UInt8 = 7
    _ = Glibc.send(pair.far, &byte, 1, dontWait)
    return pair
}

private func withVector(_ body: (UnsafeMutablePointer<iovec>) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { bytes in
        bytes[0] = 0
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: 1)
        body(&vector)
    }
}

private func reopened(_ file: TemporaryFile) -> Int32 { creat(file.path, 0o600) }

private func unixSocket(nonBlocking: Bool = false) -> Int32 {
    socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0), 0)
}

/// A listening socket; with a client that waits, if asked for.
private func withListener(connects: Bool, _ body: (Int32) -> Void) {
    let path = "/tmp/loopguard-strict-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let listener = unixSocket()
    withUnixAddress(path) { address, length in
        _ = bind(listener, address, length)
        listen(listener, 4)
        guard connects else { return }
        let client = unixSocket(nonBlocking: true)
        _ = connect(client, address, length)
        later(200) { close(client) }
    }
    body(listener)
    close(listener)
    unlink(path)
}

private func connectBlocking(to listener: Int32) {
    var address = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let client = unixSocket()
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(listener, $0, &length)
            _ = connect(client, $0, length)
        }
    }
    close(client)
}

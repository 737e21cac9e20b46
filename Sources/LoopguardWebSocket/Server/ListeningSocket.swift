import Glibc
import Loopguard
import NIOCore

/// The calls on sockets that NIO does not offer outside its own bootstraps.
enum ListeningSocket {
    /// A nonblocking listening TCP socket.
    ///
    /// - Throws: ``LoopguardError`` with code `.bind`, naming the address and what to do.
    static func bind(_ address: SocketAddress, backlog: Int) throws(LoopguardError) -> CInt {
        let name = ServerShared.describe(address)
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else {
            throw LoopguardError(.bind, "cannot make a socket for \(name): \(text(errno)).")
        }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        if family == AF_INET6 {
            // `::` is to mean every address, as users expect, whatever the system's default is.
            var off: CInt = 0
            setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<CInt>.size))
        }
        // SAFETY: the pointer is valid inside the closure and has the size that comes with it.
        let status = address.withSockAddr { pointer, size in Glibc.bind(descriptor, pointer, socklen_t(size)) }
        guard status == 0, listen(descriptor, CInt(clamping: backlog)) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw LoopguardError(.bind, message(code, name))
        }
        return descriptor
    }

    private static func message(_ code: CInt, _ name: String) -> String {
        switch code {
        case EADDRINUSE:
            "the port of \(name) is in use by another process. Stop that one, or choose another port "
                + "(port 0 takes a free one)."
        case EACCES: "not allowed to listen on \(name): ports below 1024 need privileges. Choose a higher port."
        case EADDRNOTAVAIL: "\(name) is not an address of this machine. 0.0.0.0 or :: listens on all of them."
        default: "cannot listen on \(name): \(text(code))."
        }
    }

    /// Checks and prepares a descriptor that was handed to this process.
    static func adopt(_ descriptor: CInt) throws(LoopguardError) {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0, value != 0 else {
            throw LoopguardError(.bind, "descriptor \(descriptor) is not a listening socket.")
        }
        setFlags(descriptor)
    }

    static func setFlags(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, fcntl(descriptor, F_GETFD) | FD_CLOEXEC)
    }

    static func localAddress(_ descriptor: CInt) -> SocketAddress? { address { getsockname(descriptor, $0, $1) } }

    /// Accepts one connection; nil with `errno` set.
    static func accept(_ listener: CInt) -> (descriptor: CInt, peer: SocketAddress?)? {
        var descriptor: CInt = -1
        let peer = address {
            descriptor = Glibc.accept(listener, $0, $1)
            return descriptor >= 0 ? 0 : -1
        }
        guard descriptor >= 0 else { return nil }
        setFlags(descriptor)
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        return (descriptor, peer)
    }

    private static func address(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> SocketAddress? {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the space is large enough and aligned for every kind of socket address; the kernel says in its first two
        // bytes (sa_family_t) which one it is, and only that view is read. Raw bytes for the reason given in Polling.
        return withUnsafeTemporaryAllocation(
            byteCount: Int(size), alignment: MemoryLayout<sockaddr_storage>.alignment
        ) { storage in
            guard let base = storage.baseAddress else { return nil }
            guard call(base.assumingMemoryBound(to: sockaddr.self), &size) == 0 else { return nil }
            switch CInt(base.load(as: sa_family_t.self)) {
            case AF_INET: return SocketAddress(base.load(as: sockaddr_in.self))
            case AF_INET6: return SocketAddress(base.load(as: sockaddr_in6.self))
            default: return nil
            }
        }
    }

    static func close(_ descriptor: CInt) { _ = Glibc.close(descriptor) }

    static func text(_ code: CInt) -> String { String(cString: strerror(code)) }
}

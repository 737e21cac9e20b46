import Foundation

/// Sockets that travel between processes.
enum Descriptors {
    /// A pair of connected stream sockets, both closed on exec.
    static func socketPair() throws(StartFailure) -> (ours: CInt, theirs: CInt) {
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw StartFailure(.system, "cannot make a socket pair: \(String(cString: strerror(errno))).")
        }
        // Out of the way of the numbers at which a worker expects its own.
        return (try aside(pair[0]), try aside(pair[1]))
    }

    /// Moves a descriptor to a number from 10 upwards, closed on exec.
    static func aside(_ descriptor: CInt) throws(StartFailure) -> CInt {
        let moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10)
        guard moved >= 0 else {
            throw StartFailure(.system, "cannot duplicate a descriptor: \(String(cString: strerror(errno))).")
        }
        close(descriptor)
        return moved
    }

    static func closeOnExec(_ descriptor: CInt) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

    /// Whatever opened them: a worker inherits nothing that it was not given.
    static func closeAllOnExec(from lowest: CInt) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ CInt($0) }) where descriptor >= lowest { closeOnExec(descriptor) }
    }

    /// Binds and listens.
    ///
    /// - Throws: ``StartFailure`` with code 69 naming the address and the remedy.
    static func listen(host: String, port: Int, backlog: CInt) throws(StartFailure) -> CInt {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0, let first = list else {
            throw StartFailure(
                .unavailable, "--host \(host) cannot be resolved: \(String(cString: gai_strerror(status))).")
        }
        defer { freeaddrinfo(list) }
        let family = first.pointee.ai_family
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw StartFailure(.system, "cannot make a socket: \(String(cString: strerror(errno))).")
        }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            Foundation.listen(descriptor, backlog) == 0
        else {
            let reason = errno
            close(descriptor)
            throw addressFailure(HostPort(host: host, port: port), reason: String(cString: strerror(reason)))
        }
        return try aside(descriptor)
    }

    static func addressFailure(_ address: HostPort, reason: String) -> StartFailure {
        let reason = reason.hasSuffix(".") ? String(reason.dropLast()) : reason
        let hint = address.port > 0 ? " (find it with: ss -ltnp 'sport = :\(address.port)')" : ""
        return StartFailure(
            .unavailable,
            "cannot listen on \(address): \(reason). Choose another port with --port (0 = a free one) or another address "
                + "with --host, or stop the program that uses it\(hint).")
    }

    /// The local address of a listening socket.
    static func localAddress(of descriptor: CInt) -> HostPort? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard status == 0 else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 32)
        let named = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo(
                    $0, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        func text(_ buffer: [CChar]) -> String {
            String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        guard named == 0, let port = Int(text(service)) else { return nil }
        return HostPort(host: text(host), port: port)
    }

    /// The socket that systemd, or our supervisor, passed; nil when there is none.
    ///
    /// - Throws: ``StartFailure`` when more than one was passed: the unit file has two `Listen…` lines.
    static func inherited(environment: [String: String], isWorker: Bool) throws(StartFailure) -> CInt? {
        guard let text = environment["LISTEN_FDS"], let count = Int(text), count > 0 else { return nil }
        // systemd says for whom the sockets are, so that a child which inherits the variables does not take them. Our
        // supervisor cannot know the number beforehand and marks the worker by its own variable.
        guard isWorker || environment["LISTEN_PID"] == "\(getpid())" else { return nil }
        guard count == 1 else {
            throw StartFailure(
                .usage, "LISTEN_FDS is \(count): pass one socket (one ListenStream= in the systemd socket unit).")
        }
        guard fcntl(WorkerProcess.listenDescriptor, F_GETFD) >= 0 else {
            throw StartFailure(.usage, "LISTEN_FDS is 1, but descriptor 3 is not open.")
        }
        closeOnExec(WorkerProcess.listenDescriptor)
        return WorkerProcess.listenDescriptor
    }
}

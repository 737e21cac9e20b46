import CBench
import Glibc
import NIOCore

/// WebSocket clients on plain sockets, one thread, bounded: opens connections, keeps a number of messages in flight on each,
/// and counts the bytes that come back.
struct LoadGenerator {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    var port: UInt16
    var path: String
    var connections: Int
    var payloadBytes = 64

    /// Sends `messages` on each connection, `inFlight` at a time; every message must come back whole.
    func echo(messages: Int, inFlight: Int) throws {
        let sockets = try open()
        defer { for socket in sockets { close(socket) } }
        let frame = maskedFrame()
        let replyBytes = payloadBytes + 2
        var sent = [Int](repeating: 0, count: sockets.count)
        var received = [Int](repeating: 0, count: sockets.count)
        let burst = [UInt8](repeatElement(frame, count: inFlight).joined())
        for (index, socket) in sockets.enumerated() {
            try write(burst, to: socket)
            sent[index] = inFlight
        }
        try poll(sockets) { index, bytes in
            received[index] += bytes
            let answered = received[index] / replyBytes
            let missing = min(inFlight - (sent[index] - answered), messages - sent[index])
            if missing > 0 {
                try write([UInt8](repeatElement(frame, count: missing).joined()), to: sockets[index])
                sent[index] += missing
            }
            return answered >= messages
        }
    }

    /// One more connection publishes `messages`, `inFlight` at a time; all connections, the publisher too, get each.
    func fanOut(messages: Int, inFlight: Int) throws {
        let sockets = try open()
        defer { for socket in sockets { close(socket) } }
        let frame = maskedFrame()
        let replyBytes = payloadBytes + 2
        var received = [Int](repeating: 0, count: sockets.count)
        var sent = inFlight
        try write([UInt8](repeatElement(frame, count: inFlight).joined()), to: sockets[0])
        try poll(sockets) { index, bytes in
            received[index] += bytes
            if index == 0 {
                let missing = min(inFlight - (sent - received[0] / replyBytes), messages - sent)
                if missing > 0 {
                    try write([UInt8](repeatElement(frame, count: missing).joined()), to: sockets[0])
                    sent += missing
                }
            }
            return received[index] / replyBytes >= messages
        }
    }

    private func maskedFrame() -> [UInt8] {
        [0x82, 0x80 | UInt8(payloadBytes), 1, 2, 3, 4] + (0..<payloadBytes).map { UInt8(0x61 ^ [1, 2, 3, 4][$0 % 4]) }
    }

    private func open() throws -> [Int32] {
        try (0..<connections).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let status = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
                .withSockAddr { connect(descriptor, $0, socklen_t($1)) }
            guard status == 0 else { throw Failure(description: "connect to port \(port): errno \(errno)") }
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            let request =
                "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            try write([UInt8](request.utf8), to: descriptor)
            var head: [UInt8] = []
            var byte: UInt8 = 0
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
                guard read(descriptor, &byte, 1) == 1, head.count < 8192 else {
                    throw Failure(description: "no answer to the handshake")
                }
                head.append(byte)
            }
            guard String(decoding: head.prefix(12), as: UTF8.self).hasSuffix("101") else {
                throw Failure(description: "handshake refused: \(String(decoding: head, as: UTF8.self))")
            }
            return descriptor
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset, Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
            offset += count
        }
    }

    /// Reads until `isDone` has said true once for every socket; ends with an error after 60 s.
    private func poll(_ sockets: [Int32], _ isDone: (Int, Int) throws -> Bool) throws {
        let epoll = epoll_create1(0)
        defer { close(epoll) }
        for (index, socket) in sockets.enumerated() {
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(index)))
            epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)
        }
        var done = [Bool](repeating: false, count: sockets.count)
        var left = sockets.count
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let end = Clock.nowNs() + 60_000_000_000
        while left > 0 {
            guard Clock.nowNs() < end else {
                throw Failure(description: "not done after 60 s: \(left) connections wait")
            }
            let count = epoll_wait(epoll, &events, 64, 1000)
            for event in events.prefix(max(0, Int(count))) {
                let index = Int(event.data.u64)
                let bytes = recv(sockets[index], &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard bytes > 0 else {
                    throw Failure(description: "connection \(index) was closed: \(bytes), errno \(errno)")
                }
                if try isDone(index, bytes), !done[index] {
                    done[index] = true
                    left -= 1
                }
            }
        }
    }
}

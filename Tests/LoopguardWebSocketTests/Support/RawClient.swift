import Glibc
import NIOCore

/// A blocking TCP client that says exactly what it is told, byte by byte: the server's manners are judged from outside.
final class RawClient {
    struct Frame: Equatable, CustomStringConvertible {
        var isFinal: Bool
        var opcode: UInt8
        var isMasked: Bool
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
        /// Code of a close frame.
        var code: Int? { payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
        var reason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
        var description: String { "frame(\(opcode), fin \(isFinal), \(payload.count) bytes: \(text.prefix(80)))" }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var descriptor: CInt
    private var buffer: [UInt8] = []
    private(set) var head = ""

    init(port: Int, receiveBuffer: Int? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // struct timeval: 5 s, 0 µs.
        var time: (Int, Int) = (5, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<(Int, Int)>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<(Int, Int)>.size))
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        if var size = receiveBuffer.map({ CInt($0) }) {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let status = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard status == 0 else { throw Failure(description: "connect: errno \(errno)") }
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        // struct linger: on, 0 s.
        var value: (CInt, CInt) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<(CInt, CInt)>.size))
        close()
    }

    func shutdownWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the pointer is used for the duration of the call only.
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// True when something came; false at the orderly end of the stream. A reset throws.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EAGAIN { throw Failure(description: "nothing came in 5 s; have \(buffer.count) bytes") }
        if count < 0 { throw Failure(description: "recv: errno \(errno)") }
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw Failure(description: "the stream ended after \(buffer.count) bytes") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// The head of an HTTP answer, as text.
    @discardableResult
    func readHead() throws -> String {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                buffer.removeFirst(end.upperBound)
                return head
            }
            guard try fill() else { throw Failure(description: "no HTTP head; got \(buffer.count) bytes") }
        }
    }

    /// Everything until the server ends the stream.
    func readAll() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    func readFrame() throws -> Frame {
        let start = try take(2)
        var length = Int(start[1] & 0x7F)
        if length == 126 {
            length = try take(2).reduce(0) { $0 << 8 | Int($1) }
        } else if length == 127 {
            length = try take(8).reduce(0) { $0 << 8 | Int($1) }
        }
        return Frame(
            isFinal: start[0] & 0x80 != 0, opcode: start[0] & 0x0F, isMasked: start[1] & 0x80 != 0,
            payload: try take(length))
    }

    /// Reads frames until the close frame, and returns it.
    func readUntilClose() throws -> Frame {
        while true {
            let frame = try readFrame()
            if frame.opcode == 8 { return frame }
        }
    }

    /// True when the server has ended the stream and sent nothing more.
    func isAtEnd() throws -> Bool {
        if !buffer.isEmpty { return false }
        return try !fill()
    }

    static func request(_ path: String, headers: [String] = []) -> String {
        ([
            "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ] + headers + ["", ""])
        .joined(separator: "\r\n")
    }

    /// Connects and shakes hands.
    static func open(_ path: String, port: Int, headers: [String] = [], receiveBuffer: Int? = nil) throws -> RawClient {
        let client = try RawClient(port: port, receiveBuffer: receiveBuffer)
        try client.send(request(path, headers: headers))
        let head = try client.readHead()
        guard head.hasPrefix("HTTP/1.1 101") else { throw Failure(description: head) }
        return client
    }

    /// A client frame, masked.
    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], final isFinal: Bool = true, mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        return bytes
    }

    static func text(_ text: String, final isFinal: Bool = true) -> [UInt8] {
        frame(1, Array(text.utf8), final: isFinal)
    }
    static func close(_ code: Int, _ reason: String = "") -> [UInt8] {
        frame(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }

    /// A listening socket on a free port, as a supervisor would hand it down.
    static func listener() throws -> CInt {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let status = address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
        guard status == 0, listen(descriptor, 128) == 0 else { throw Failure(description: "listen: \(errno)") }
        return descriptor
    }
}

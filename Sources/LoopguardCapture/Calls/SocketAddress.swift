import Glibc

/// Socket addresses as people write them. No name lookups: nothing here may block.
enum SocketAddress {
    /// `10.0.0.7:5432`, `[::1]:80`, `unix:/run/x.sock`, `unix:@abstract`; nil for other families and broken content. Pure.
    static func text(_ bytes: some Collection<UInt8>) -> String? {
        let b = Array(bytes)
        guard b.count >= 2 else { return nil }
        switch Int32(b[0]) | Int32(b[1]) << 8 {
        case AF_INET where b.count >= 8:
            return "\(b[4]).\(b[5]).\(b[6]).\(b[7]):\(Int(b[2]) << 8 | Int(b[3]))"
        case AF_INET6 where b.count >= 24:
            let address = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { out -> String? in
                guard let base = out.baseAddress else { return nil }
                return b[8..<24].withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, base, 64) }
                    .map { String(cString: $0) }
            }
            return address.map { "[\($0)]:\(Int(b[2]) << 8 | Int(b[3]))" }
        case AF_UNIX:
            let path = b[2...]
            if path.isEmpty { return "unix:" }
            if path.first == 0 {
                let name = path.dropFirst().prefix { $0 != 0 }
                return name.isEmpty ? "unix:" : "unix:@" + String(decoding: name, as: UTF8.self)
            }
            return "unix:" + String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
        default: return nil
        }
    }

    /// The peer of a connected socket, else the address that it is bound to, as `local 0.0.0.0:80`.
    static func of(descriptor: Int32) -> String? {
        if let peer = ask(descriptor, getpeername), peer != "unix:" { return peer }
        guard let own = ask(descriptor, getsockname), own != "unix:" else { return nil }
        return "local " + own
    }

    private static func ask(
        _ descriptor: Int32, _ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) -> String? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let size = Int(length)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            // SAFETY: sockaddr_storage is made to be used as any sockaddr.
            let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard call(descriptor, address, &length) == 0 else { return nil }
            return text(bytes[..<min(Int(length), size)])
        }
    }
}

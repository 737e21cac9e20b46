import Glibc

/// poll(2) on two descriptors.
///
/// The entries are built as the bytes that they are (`int fd; short events; short revents`): the compiler cannot always tell
/// whether the members of a C structure belong to Glibc or to one of NIO's C modules, which include the same header.
enum Polling {
    /// Waits until a descriptor can be read, at most `milliseconds` (-1 = without limit). Negative descriptors are ignored.
    /// True when the first one can be read.
    static func wait(_ first: CInt, _ second: CInt, milliseconds: CInt) -> Bool {
        func entry(_ descriptor: CInt) -> UInt64 {
            UInt64(UInt32(bitPattern: descriptor)) | UInt64(UInt16(POLLIN)) << 32
        }
        var entries: (UInt64, UInt64) = (entry(first), entry(second))
        // SAFETY: two structures of 8 bytes, written by the kernel during the call only.
        let count = withUnsafeMutableBytes(of: &entries) { bytes in
            poll(bytes.bindMemory(to: pollfd.self).baseAddress, 2, milliseconds)
        }
        return count > 0 && entries.0 >> 48 != 0
    }
}

import Glibc

/// Looks at a file before libdw does.
enum ElfCheck {
    /// Throws unless the file begins like an ELF file of 64 bits.
    static func check(_ path: String) throws(CaptureError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CaptureError(.unreadableFile, "\(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CaptureError(.unreadableFile, "\(path) is not a file.")
        }
        var head = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &head, head.count, 0)
        guard count == head.count, head.starts(with: [0x7f, 0x45, 0x4c, 0x46]), head[4] == 2 else {
            throw CaptureError(.unreadableFile, "\(path) is not an ELF file of 64 bits.")
        }
    }
}

import Foundation

/// A file that is written at the end of a run, at a path that the user chose.
enum VerdictFile {
    /// How the bytes get there.
    enum Way: Equatable {
        /// A new file takes this place in one step: a reader never sees half of it.
        case replace(String)
        /// Written into what is there: a device, a pipe, standard output. Replacing it would destroy it: as root, even
        /// `/dev/null` of the whole machine.
        case append
    }

    static func way(to path: String) -> Way {
        // /dev/stdout may be the log's file.
        if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") { return .append }
        guard let resolved = realpath(path, nil) else { return .replace(path) }
        defer { free(resolved) }
        let target = String(cString: resolved)
        let type = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
        return type == .typeRegular ? .replace(target) : .append
    }

    /// Why the path cannot be written, as an errno; nil = it can. Makes the file when there is none. Waits for nobody: a pipe may
    /// find its reader until the end of the run.
    static func objection(to path: String) -> Int32? {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o666)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        let code = errno
        return code == ENXIO && FileKind.irregularity(path) == FileKind.pipe ? nil : code
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        switch way(to: path) {
        case .replace(let target):
            try Data(bytes).write(to: URL(fileURLWithPath: target), options: .atomic)
        case .append:
            // A pipe that nobody reads is an error, not something to wait for (fifo(7)); one that is read is written at its pace.
            let descriptor = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            _ = fcntl(descriptor, F_SETFL, O_APPEND)
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try file.write(contentsOf: bytes)
        }
    }
}

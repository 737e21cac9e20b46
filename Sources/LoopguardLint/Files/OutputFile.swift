import Foundation

/// Writes reports and baselines.
enum OutputFile {
    /// Replaces a file as a whole, so that a reader never sees half of it. What is no file, such as `/dev/null` or a pipe, is written
    /// to and stays what it is.
    ///
    /// - Throws: ``ConfigurationError`` naming the path.
    static func write(_ text: String, to path: String) throws(ConfigurationError) {
        let target = SourceSearch.real(path) ?? path
        var status = stat()
        let exists = stat(target, &status) == 0
        guard !exists || status.st_mode & S_IFMT != S_IFDIR else {
            throw ConfigurationError("\(path) is a folder; name a file in it")
        }
        let isRegular = !exists || status.st_mode & S_IFMT == S_IFREG
        let temporary = isRegular ? "\(target).\(getpid()).tmp" : target
        guard let file = fopen(temporary, "w") else {
            throw ConfigurationError("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        let bytes = Array(text.utf8)
        let written = fwrite(bytes, 1, bytes.count, file)
        let isClosed = fclose(file) == 0
        guard written == bytes.count, isClosed else {
            let reason = String(cString: strerror(errno))
            if isRegular { unlink(temporary) }
            throw ConfigurationError("\(path) cannot be written: \(reason)")
        }
        if isRegular, rename(temporary, target) != 0 {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw ConfigurationError("\(path) cannot be written: \(reason)")
        }
    }
}

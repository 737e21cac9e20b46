import Glibc

/// The threads of this process, from `/proc/self/task`.
public enum ProcessThreads {
    /// Those whose names (`comm`, at most 15 bytes) satisfy `isWanted`. Empty when `/proc` is missing. Any thread; a thread that has
    /// ended since is left out or has no files any more.
    public static func all(where isWanted: (String) -> Bool) -> [(tid: Int32, name: String)] {
        guard let directory = opendir("/proc/self/task") else { return [] }
        defer { closedir(directory) }
        var found: [(tid: Int32, name: String)] = []
        while let entry = readdir(directory) {
            let text = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let tid = Int32(text), let name = ThreadName.of(tid), isWanted(name) else { continue }
            found.append((tid, name))
        }
        return found
    }
}

import Glibc

/// Finds the files that tell of CPU quotas: the `cpu.stat` of a thread's control group and of those around it, whose quotas
/// hold for it as well. Version 2 and version 1 of the interface, see cgroups(7). Pure, but for what `read` does.
enum ControlGroup {
    /// Groups above the thread's own that are looked at.
    static let maxDepth = 8

    /// - Parameters:
    ///   - membership: content of `/proc/self/task/TID/cgroup`.
    ///   - mounts: content of `/proc/self/mountinfo`.
    ///   - root: put before each path; for tests.
    /// - Returns: paths, innermost group first. Not all of them need to exist.
    static func statFiles(membership: String, mounts: String, root: String = "") -> [String] {
        for (path, isUnified) in paths(membership) {
            guard let mount = mount(in: mounts, isUnified: isUnified) else { continue }
            // The mount may show only a part of the hierarchy: that of the container.
            var inside = path
            if mount.root != "/" {
                guard path == mount.root || path.hasPrefix(mount.root + "/") else { continue }
                inside = String(path.dropFirst(mount.root.count))
            }
            var files: [String] = []
            var parts = inside.split(separator: "/").map(String.init)
            while files.count < maxDepth {
                files.append(root + mount.point + parts.map { "/" + $0 }.joined() + "/cpu.stat")
                if parts.popLast() == nil { break }
            }
            return files
        }
        return []
    }

    /// The group of the cpu controller (version 1) before that of the unified hierarchy, which has no controllers then.
    private static func paths(_ membership: String) -> [(path: String, isUnified: Bool)] {
        var unified: [(String, Bool)] = []
        var own: [(String, Bool)] = []
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/"), !fields[2].contains("/../") else { continue }
            if fields[0] == "0", fields[1].isEmpty { unified.append((String(fields[2]), true)) }
            if fields[1].split(separator: ",").contains("cpu") { own.append((String(fields[2]), false)) }
        }
        return own + unified
    }

    private static func mount(in mounts: String, isUnified: Bool) -> (root: String, point: String)? {
        for line in mounts.split(separator: "\n") {
            // id parent major:minor root mount-point options [optional…] - type source super-options
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { continue }
            let matches =
                isUnified
                ? fields[dash + 1] == "cgroup2"
                : fields[dash + 1] == "cgroup" && fields[dash + 3].split(separator: ",").contains("cpu")
            if matches { return (String(fields[3]), String(fields[4])) }
        }
        return nil
    }

    /// `nr_throttled` and the time, in nanoseconds, of one cpu.stat; nil when the group has no quota's figures.
    static func throttling(_ bytes: UnsafeRawBufferPointer) -> (periods: UInt64, ns: UInt64)? {
        var fields = ProcFields(bytes)
        var periods: UInt64?
        var ns: UInt64?
        while let name = fields.word() {
            let value = fields.decimal()
            if name.elementsEqual("nr_throttled".utf8) { periods = value }
            if name.elementsEqual("throttled_time".utf8) { ns = value }
            if name.elementsEqual("throttled_usec".utf8) {
                ns = value?.multipliedReportingOverflow(by: 1000).partialValue
            }
        }
        guard let periods, let ns else { return nil }
        return (periods, ns)
    }
}

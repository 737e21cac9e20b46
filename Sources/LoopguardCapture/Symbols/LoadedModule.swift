import CLoopguard
import Glibc

/// A module of this process, told apart from every other that lay or will lie at the same addresses.
struct LoadedModule: Hashable {
    /// Empty for the executable.
    var path: String
    /// Load address minus the address in the file.
    var bias: UInt64
    /// Hexadecimal, as it lies in memory.
    var buildID: String?
    /// Only of modules without a build-id: inode and time of change of the file.
    var file: [Int]

    init(_ found: lg_module) {
        bias = found.bias
        path = Self.path(of: found)
        buildID = Self.buildID(of: found)
        file = []
        guard buildID == nil else { return }
        var status = stat()
        if stat(path.isEmpty ? "/proc/self/exe" : path, &status) == 0 {
            file = [
                Int(bitPattern: UInt(status.st_dev)), Int(bitPattern: UInt(status.st_ino)), Int(status.st_mtim.tv_sec),
                Int(status.st_mtim.tv_nsec),
            ]
        }
    }

    private static func path(of found: lg_module) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer -> String in
            var found = found
            guard let base = buffer.baseAddress, lg_module_name(&found, base, buffer.count) else {
                return "(unloaded)"
            }
            return String(cString: base)
        }
    }

    private static func buildID(of found: lg_module) -> String? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(LG_BUILD_ID_MAX)) { buffer -> String? in
            var found = found
            guard let base = buffer.baseAddress else { return nil }
            let count = lg_module_build_id(&found, base, buffer.count)
            return count > 0 ? HexText.of(buffer[..<count]) : nil
        }
    }
}

/// Bytes as reports write them.
enum HexText {
    static func of(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

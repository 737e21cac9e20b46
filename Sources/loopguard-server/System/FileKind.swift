import Foundation

/// What a path leads to.
enum FileKind {
    static let pipe = "a pipe"

    /// What a file is instead of a regular one, see inode(7); nil when it is one. Links are followed.
    static func irregularity(_ path: String) -> String? {
        // A link of /proc to what has no path, such as a pipe of the shell: <(command).
        guard let resolved = realpath(path, nil) else { return "no regular file" }
        defer { free(resolved) }
        let type = try? FileManager.default.attributesOfItem(atPath: String(cString: resolved))[.type]
        switch type as? FileAttributeType {
        case .typeRegular: return nil
        case .typeDirectory: return "a folder"
        case .typeCharacterSpecial, .typeBlockSpecial: return "a device"
        case .typeSocket: return "a socket"
        default: return pipe
        }
    }
}

import Foundation

/// Where the running toolchain has its compiler and the library that reads its index.
public struct Toolchain: Sendable, Equatable {
    /// `swiftc`.
    public var compiler: String
    /// `libIndexStore.so`.
    public var indexLibrary: String

    public init(compiler: String, indexLibrary: String) {
        self.compiler = compiler
        self.indexLibrary = indexLibrary
    }

    /// The first toolchain among the folders of `PATH` (or `path`) and the usual places that has both.
    public static func find(path: String? = nil) -> Toolchain? {
        let variable = path ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = variable.split(separator: ":").map(String.init) + ["/opt/swift/usr/bin", "/usr/bin"]
        for folder in folders {
            let compiler = "\(folder)/swiftc"
            guard FileManager.default.isExecutableFile(atPath: compiler) else { continue }
            // A link in /usr/bin leads to where the libraries are.
            let real = URL(filePath: compiler).resolvingSymlinksInPath().deletingLastPathComponent()
            for base in [real, URL(filePath: folder)] {
                let library = base.deletingLastPathComponent().appending(path: "lib/libIndexStore.so").path
                if FileManager.default.fileExists(atPath: library) {
                    return Toolchain(compiler: compiler, indexLibrary: library)
                }
            }
        }
        return nil
    }
}

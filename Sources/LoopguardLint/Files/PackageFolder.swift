import Foundation

/// A Swift package as a folder: where its manifest is, and where its builds leave their index.
public struct PackageFolder: Sendable, Equatable {
    /// The folder with `Package.swift`, absolute.
    public var path: String

    /// The package around a file or folder; nil when there is none.
    public init?(around path: String) {
        guard let real = SourceSearch.real(path) else { return nil }
        var folder = URL(filePath: real)
        while true {
            if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
                self.path = folder.path
                return
            }
            guard folder.path != "/", !folder.path.isEmpty else { return nil }
            folder = folder.deletingLastPathComponent()
        }
    }

    /// Where builds of this package may have left an index, relative to its folder; the first that exists is taken.
    static let places = [
        ".build/debug/index/store", ".build/out", ".build/index/store", ".build/release/index/store",
    ]

    /// The newest store of a debug build; one of a release build with `--enable-index-store` when there is none.
    public var indexStore: String? {
        Self.places.map { path + "/" + $0 }.first { FileManager.default.fileExists(atPath: $0 + "/v5/units") }
    }

    /// Why there is no index, and how to get one.
    public var whyNoIndex: String {
        if FileManager.default.fileExists(atPath: path + "/.build/release"),
            !FileManager.default.fileExists(atPath: path + "/.build/debug")
        {
            return
                "\(path) has a release build only, which leaves no index; run `swift build --build-tests`, or add --build "
                + "(or `swift build -c release --enable-index-store`)"
        }
        return "\(path) has no index of a debug build; run `swift build --build-tests`, or add --build"
    }
}

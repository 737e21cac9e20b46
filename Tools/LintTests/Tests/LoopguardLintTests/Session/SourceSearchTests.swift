import Foundation
import Testing

@testable import LoopguardLint

@Suite struct SourceSearchTests {
    private func find(_ package: TinyPackage, _ paths: [String] = [""], exclude: [String] = []) throws
        -> SourceSearch.Result
    {
        var result = try SourceSearch.files(
            paths.map { $0.isEmpty ? package.folder.path : package.path($0) }, exclude: exclude.map { Glob($0) },
            root: package.folder.path)
        result.files = result.files.map { Renderer.relative($0, to: package.folder.path) }
        return result
    }

    @Test func hiddenFoldersManifestsAndOtherPackagesAreLeftOut() throws {
        let package = try TinyPackage(
            [
                "Sources/A.swift": "", "Sources/B.txt": "", ".build/C.swift": "", "Package@swift-5.9.swift": "",
                "Tools/In/Package.swift": "", "Tools/In/D.swift": "", "Tools/E.swift": "", "Sources/Gen/F.swift": "",
            ], isCompiled: false)
        defer { package.remove() }
        #expect(try find(package).files == ["Sources/A.swift", "Sources/Gen/F.swift", "Tools/E.swift"])
        #expect(try find(package, exclude: ["Gen", "Tools/**"]).files == ["Sources/A.swift"])
        #expect(try find(package, ["Tools/In"]).files == ["Tools/In/D.swift"])
        #expect(
            try find(package, ["Sources/B.txt", "Sources", "Sources/A.swift"]).files == [
                "Sources/A.swift", "Sources/B.txt", "Sources/Gen/F.swift",
            ])
    }

    @Test func loopsOfLinksEnd() throws {
        let package = try TinyPackage(["Sources/A/A.swift": "", "Shared/S.swift": ""], isCompiled: false)
        defer { package.remove() }
        let files = FileManager.default
        try files.createSymbolicLink(atPath: package.path("Sources/A/loop"), withDestinationPath: package.folder.path)
        try files.createSymbolicLink(atPath: package.path("Sources/self"), withDestinationPath: "self")
        try files.createSymbolicLink(atPath: package.path("Sources/Shared"), withDestinationPath: "../Shared")
        try files.createSymbolicLink(atPath: package.path("Sources/gone.swift"), withDestinationPath: "nowhere.swift")
        try files.createSymbolicLink(atPath: package.path("Sources/Twice.swift"), withDestinationPath: "A/A.swift")
        let result = try find(package)
        #expect(result.files == ["Shared/S.swift", "Sources/A/A.swift"])
        #expect(result.problems.count == 1)
        #expect(result.problems.first?.hasSuffix("Sources/gone.swift: a link that leads nowhere") == true)
    }

    @Test func deepFoldersEnd() throws {
        let deep = Array(repeating: "d", count: SourceSearch.maximumDepth + 5).joined(separator: "/")
        let package = try TinyPackage(["\(deep)/A.swift": "", "B.swift": ""], isCompiled: false)
        defer { package.remove() }
        let result = try find(package)
        #expect(result.files == ["B.swift"])
        #expect(result.problems.count == 1)
    }

    @Test func whatIsNotThereIsNamed() throws {
        let error = #expect(throws: SourceSearch.Missing.self) {
            try SourceSearch.files(["/nonexistent/x"], root: "/")
        }
        #expect(error?.description == "/nonexistent/x: no such file or folder")
    }
}

import Foundation
import Testing

/// The README's program is the one that is compiled, and its files exist.
@Suite struct ReadmeTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The first fenced block of Swift in `markdown`.
    static func firstProgram(in markdown: String) -> String? {
        guard let begin = markdown.range(of: "```swift\n"),
            let end = markdown.range(of: "```", range: begin.upperBound..<markdown.endIndex)
        else { return nil }
        return String(markdown[begin.upperBound..<end.lowerBound])
    }

    @Test func `the program in the README is the compiled example`() throws {
        let shown = Self.firstProgram(in: try Self.text("README.md"))
        let compiled = try Self.text("Tools/Examples/hello/main.swift")
        #expect(shown == compiled, "copy Tools/Examples/hello/main.swift into the README")
    }

    @Test func `the comparison would notice a difference`() {
        #expect(Self.firstProgram(in: "a\n```swift\nlet a = 1\n```\n") == "let a = 1\n")
        #expect(Self.firstProgram(in: "no program") == nil)
    }

    @Test func `what the README points to exists`() throws {
        let readme = try Self.text("README.md")
        let links = readme.matches(of: /\]\(([A-Za-z][A-Za-z0-9_\/.\-]+)\)/).map { String($0.1) }
        #expect(links.count >= 3)
        for link in links {
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: link).path), "\(link)")
        }
        let paths = readme.matches(of: /`((?:Sources|Tests|Tools)\/[A-Za-z0-9_\/.\-]*)`/).map { String($0.1) }
        #expect(paths.count >= 8)
        for path in paths {
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: path).path), "\(path)")
        }
    }
}

import Foundation
import LoopguardCapture
import LoopguardCore
import Testing

@testable import loopguard_symbolicate

/// A stripped copy of this executable stalls; its report, symbolicated with the unstripped one, must say what the live
/// symbolizer of the unstripped one says.
@Suite(.serialized, .enabled(if: Workshop.objcopy != nil, "objcopy is not installed")) struct EndToEndTests {
    /// What the stripped program reports.
    private func strippedReport(in folder: Folder) throws -> (json: String, reports: [StallReport]) {
        let copy = folder.path("stripped")
        try Workshop.objcopy("--strip-all", Workshop.executable, copy)
        let ended = try Workshop.run(
            copy, ["--testing-library", "swift-testing", "--filter", "StrippedProgram"],
            environment: [Program.environmentKey: "1"])
        let output = ended.output.replacing(Program.end, with: Program.begin)
        let parts = output.components(separatedBy: Program.begin)
        try #require(parts.count == 3, "exit \(ended.status): \(output.suffix(2000)) \(ended.errors.suffix(2000))")
        return (parts[1], try StallJSON.decode([StallReport].self, from: Array(parts[1].utf8)))
    }

    @Test func equalsTheLiveSymbolizer() throws {
        let folder = try Folder()
        let (json, reports) = try strippedReport(in: folder)
        let stripped = try #require(reports.first?.samples.first?.frames)
        #expect(!stripped.contains { $0.function?.contains("looksUpTheUser") == true }, "it is not stripped")

        let ended = try Workshop.run(
            Workshop.command, ["-", "--binary", Workshop.executable, "--format", "json"], input: json)
        #expect(ended.status == 0, "\(ended.errors)")
        let named = try StallJSON.decode([StallReport].self, from: Array(ended.output.utf8))
        let frames = try #require(named.first?.samples.first?.frames)

        // The same stall in this process, which has its symbols: same code, so same offsets and kinds, down to the thread's
        // first function.
        let live = Symbolizer().symbolicate(try Program.captureStall().addresses)
        func comparable(_ frames: [StackFrame]) -> [StackFrame] {
            // Strict mode's wrapper of `read` looks its original up in the first call, which makes one frame more.
            let own = frames.filter { $0.file?.contains("/CLoopguardStrict/") != true }
            return own.filter { $0.buildId == stripped.first { $0.function == nil }?.buildId }.map { frame in
                var frame = frame
                frame.address = ""
                frame.module = ""
                // How the unwinder found it, which depends on whether the wrapper called for the first time.
                frame.provenance = nil
                return frame
            }
        }
        #expect(comparable(frames) == comparable(live))
        let innermost = try #require(frames.first { $0.function?.contains("inlinedIntoTheNext") == true })
        #expect(innermost.file?.hasSuffix("SymbolicateTests/Program.swift") == true)
        #expect(
            frames.contains { $0.function == "looksUpTheUser(_:)" || $0.function?.contains("looksUpTheUser") == true })

        // All else is as it was.
        var emptied = named
        emptied[0].samples[0].frames = stripped
        #expect(emptied == reports)
    }

    /// Debug files as distributions ship them, found by build-id.
    @Test func separateDebugFile() throws {
        let folder = try Folder()
        let (json, reports) = try strippedReport(in: folder)
        let buildID = try #require(reports.first?.samples.first?.frames.last { $0.function == nil }?.buildId)
        try FileManager.default.createDirectory(
            atPath: folder.path(".build-id/" + buildID.prefix(2)), withIntermediateDirectories: true)
        let debug = folder.path(".build-id/\(buildID.prefix(2))/\(buildID.dropFirst(2)).debug")
        try Workshop.objcopy("--only-keep-debug", Workshop.executable, debug)

        let direct = try Symbolication(binaries: [Workshop.executable], directories: []).run(Array(json.utf8))
        let searched = try Symbolication(binaries: [], directories: [folder.root]).run(Array(json.utf8))
        let given = try Symbolication(binaries: [debug], directories: []).run(Array(json.utf8))
        #expect(direct.resolved > 3)
        #expect(direct.left == 0)
        #expect(searched.document == direct.document)
        #expect(given.document == direct.document)
        #expect(searched.warnings.isEmpty && given.warnings.isEmpty, "\(searched.warnings) \(given.warnings)")

        // The stripped program itself says nothing new, and that is said.
        let nothing = try Symbolication(binaries: [folder.path("stripped")], directories: []).run(Array(json.utf8))
        #expect(nothing.document == (try JSONValue(bytes: Array(json.utf8))))
        #expect(nothing.left == direct.resolved)
        #expect(nothing.warnings.contains { $0.contains("no debug information") })
    }
}

import Foundation
import LoopguardCapture
import LoopguardCore
import Testing

@testable import loopguard_symbolicate

/// The command with small C programs.
@Suite(.enabled(if: Workshop.compiler != nil, "no C compiler")) struct CommandTests {
    /// Compiles a program whose `stalls` has `innermost` inlined on line 2, called on line 4.
    private func compile(_ folder: Folder, _ name: String, _ flags: [String] = []) throws -> String {
        let source = """
            volatile int sink;
            static inline __attribute__((always_inline)) void innermost(int x) { sink = x; }
            __attribute__((noinline)) void stalls(int x) {
                innermost(x + 1);
            }
            int main(void) { stalls(3); return 0; }

            """
        let file = try folder.write(name + ".c", source.utf8)
        let ended = try Workshop.run(
            try #require(Workshop.compiler), ["-g", "-O1", "-Wl,--build-id", "-o", folder.path(name), file] + flags)
        try #require(ended.status == 0, "\(ended.errors)")
        return folder.path(name)
    }

    /// The address at which `stalls` does its work, found by the name.
    private func offset(of file: SymbolFile) throws -> UInt64 {
        try #require(
            (0..<UInt64(0x4000)).first { offset in
                file.frames(at: offset, kind: .programCounter, shownAddress: "").first?.function == "innermost"
            })
    }

    private func report(_ frame: String) -> String {
        """
        {"samples":[{"offset_ns":1,"validity":"verified","cost_ns":1,"later":[1.5,null,true,18446744073709551615],
        "frames":[\(frame)]}],"id":"x","loop":"loop-0","kind":"single-job","duration_ns":5000000}
        """
    }

    private func frame(_ file: SymbolFile, _ offset: UInt64, module: String, buildID: String?, more: String = "")
        -> String
    {
        let id = buildID.map { ",\"build_id\":\"\($0)\"" } ?? ""
        return """
            {"address":"0x1000","module":"\(module)","module_offset":"0x\(String(offset, radix: 16))"\(id),
            "kind":"physical","is_runtime":false\(more)}
            """
    }

    @Test func inlinedFramesAndUnknownFields() throws {
        let folder = try Folder()
        let path = try compile(folder, "program")
        let file = try SymbolFile(path: path)
        let at = try offset(of: file)
        let json = report(frame(file, at, module: "program", buildID: file.buildID, more: ",\"new_field\":[1]"))
        let input = try folder.write("report.json", json.utf8)
        let ended = try Workshop.run(Workshop.command, [input, "--binary", path])
        #expect(ended.status == 0, "\(ended.errors)")
        let result = try JSONValue(bytes: Array(ended.output.utf8))
        let frames = try #require(result["samples"]?.array?.first?["frames"]?.array)
        #expect(frames.map { $0["function"]?.string } == ["innermost", "stalls"])
        #expect(frames.map { $0["line"] } == [.integer(2), .integer(4)])
        #expect(frames.map { $0["kind"]?.string } == ["inlined", "physical"])
        #expect(frames.allSatisfy { $0["file"]?.string == folder.path("program.c") })
        #expect(frames.allSatisfy { $0["new_field"] == .array([.integer(1)]) })
        #expect(
            result["samples"]?.array?.first?["later"]
                == .array([.double(1.5), .null, .bool(true), .unsigned(.max)]))
        // Once more: nothing is left to do, and nothing is done twice.
        let again = try Workshop.run(Workshop.command, ["-", "--binary", path], input: ended.output)
        #expect(again.status == 0)
        #expect(again.output == ended.output)

        let text = try Workshop.run(Workshop.command, [input, "--binary", path, "--format", "text"])
        #expect(text.output.contains("inlined innermost  \(folder.path("program.c")):2"))
        #expect(text.output.contains("    stalls  \(folder.path("program.c")):4"))
        #expect(text.output.contains("stall x on loop-0: 5 ms, single-job"))
    }

    /// The innermost frame is an instruction, the next one a return address.
    @Test func returnAddresses() throws {
        let folder = try Folder()
        let path = try compile(folder, "program")
        let file = try SymbolFile(path: path)
        let at = try offset(of: file)
        let first = frame(file, at, module: "program", buildID: file.buildID)
        let second = frame(file, at, module: "program", buildID: file.buildID).replacing("0x1000", with: "0x2000")
        let outcome = try Symbolication(binaries: [path], directories: []).run(Array(report(first + "," + second).utf8))
        let frames = try #require(outcome.document["samples"]?.array?.first?["frames"]?.array)
        let called = file.frames(at: at, kind: .returnAddress, shownAddress: "0x2000")
        #expect(frames.dropFirst(2).map { $0["function"]?.string } == called.map(\.function))
        #expect(frames.dropFirst(2).map { $0["line"]?.number } == called.map { $0.line.map(Double.init) })
    }

    @Test func anotherBuildIsRefused() throws {
        let folder = try Folder()
        let file = try SymbolFile(path: try compile(folder, "program"))
        let other = try Folder()
        let stranger = try compile(other, "program", ["-DOTHER", "-O0"])
        let json = report(frame(file, try offset(of: file), module: "program", buildID: file.buildID))
        let ended = try Workshop.run(Workshop.command, ["-", "--binary", stranger], input: json)
        #expect(ended.status == 1)
        let id = try #require(file.buildID)
        #expect(ended.errors.contains("is another build of program"))
        #expect(ended.errors.contains(id))
        #expect(try JSONValue(bytes: Array(ended.output.utf8)) == JSONValue(bytes: Array(json.utf8)))
        // The same by --search.
        let searched = try Workshop.run(Workshop.command, ["-", "--search", other.root], input: json)
        #expect(searched.status == 1)
        #expect(searched.errors.contains("is another build of program"))
    }

    @Test func withoutBuildIDsTheNameCounts() throws {
        let folder = try Folder()
        let path = try compile(folder, "program", ["-Wl,--build-id=none"])
        let file = try SymbolFile(path: path)
        #expect(file.buildID == nil)
        let json = report(frame(file, try offset(of: file), module: "program", buildID: nil))
        let ended = try Workshop.run(Workshop.command, ["-", "--binary", path], input: json)
        #expect(ended.status == 0)
        #expect(ended.errors.contains("by its name alone"))
        #expect(ended.output.contains("innermost"))
        let other = try Workshop.run(
            Workshop.command, ["-", "--binary", path], input: json.replacing("\"program\"", with: "\"another\""))
        #expect(other.status == 1)
    }

    @Test(arguments: [
        ["x", "--format", "xml"], [], ["a", "b"], ["-", "--frobnicate"], ["-", "--binary"],
    ]) func usage(arguments: [String]) throws {
        #expect(try Workshop.run(Workshop.command, arguments, input: "[]").status == 64)
    }

    @Test(arguments: [
        "", "not json", "{}", "[1,2]", "{\"a\":", "\u{0}", "{\"frames\":3}", "7", "\"x\"",
        String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 5_000),
    ]) func badReports(text: String) throws {
        let ended = try Workshop.run(Workshop.command, ["-"], input: text)
        #expect(ended.status == 65, "\(ended.status) \(ended.errors)")
        #expect(ended.errors.hasPrefix("symbolicate: "))
        #expect(ended.output.isEmpty)
    }

    @Test func badFiles() throws {
        let folder = try Folder()
        #expect(try Workshop.run(Workshop.command, [folder.path("missing")]).status == 65)
        let text = try folder.write("text", "hello".utf8)
        for binary in [folder.path("missing"), text, folder.root, "/dev/zero"] {
            let ended = try Workshop.run(Workshop.command, ["-", "--binary", binary], input: "[]")
            #expect(ended.status == 65)
            #expect(ended.errors.contains(binary))
        }
    }

    @Test(arguments: [
        "[]", "{\"samples\":[]}",
        "{\"sites\":[],\"recent\":[],\"ongoing\":[],\"total\":0}",
        "{\"samples\":[{\"frames\":[]}]}",
        "[{\"samples\":[{\"frames\":[{\"address\":\"0x1\",\"kind\":\"physical\"}]}]}]",
        "{\"samples\":[{\"frames\":[{\"address\":\"0x1\",\"function\":\"f\",\"file\":\"f.c\",\"kind\":\"physical\"}]}]}",
    ]) func nothingToDo(text: String) throws {
        let ended = try Workshop.run(Workshop.command, ["-"], input: text)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try JSONValue(bytes: Array(ended.output.utf8)) == JSONValue(bytes: Array(text.utf8)))
    }
}

import Foundation
import Testing

@testable import LoopguardLint

/// Two runs give the same bytes, whatever the order of files, the number of threads and the seed of the hash tables.
@Suite struct DeterminismTests {
    @Test func everyFormatIsTheSameToTheByte() throws {
        try Fixture.withFolder { folder in
            let built = try FeatureCorpus.fixture.build(in: folder)
            let tool = try LintTool()
            // The same files, written in another order.
            let copy = folder.appending(path: "copy")
            let original = URL(filePath: built.store)
            for path in try FileManager.default.subpathsOfDirectory(atPath: original.path).sorted(by: >) {
                var isFolder: ObjCBool = false
                let from = original.appending(path: path)
                guard FileManager.default.fileExists(atPath: from.path, isDirectory: &isFolder), !isFolder.boolValue
                else {
                    continue
                }
                let to = copy.appending(path: path)
                try FileManager.default.createDirectory(
                    at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
                try FileManager.default.copyItem(at: from, to: to)
            }
            for format in Renderer.Format.allCases {
                func run(_ sources: [String], _ store: String, launcher: [String] = []) throws -> Data {
                    let output = try tool.run(
                        sources + [
                            "--index-store", store, "--index-library", built.toolchain.indexLibrary, "--format",
                            format.rawValue,
                        ], in: folder, launcher: launcher)
                    #expect(output.code == 1, "\(output.errors)")
                    return output.text
                }
                let first = try run(built.sources, built.store)
                #expect(first.count > 1000)
                #expect(try run(built.sources, built.store) == first, "\(format): a second run")
                #expect(
                    try run(built.sources.reversed(), copy.path) == first, "\(format): files and units in another order"
                )
                #expect(
                    try run(built.sources, built.store, launcher: ["/usr/bin/taskset", "-c", "0"]) == first,
                    "\(format): one processor")
            }
        }
    }
}

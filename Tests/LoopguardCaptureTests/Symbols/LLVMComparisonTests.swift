import Foundation
import Testing

@testable import LoopguardCapture

/// Our answers against llvm-symbolizer's, where it is installed.
///
/// For another binary, such as a release build, by hand:
///
///     LOOPGUARD_COMPARE_BINARY=.build/release/loopguard-server LOOPGUARD_COMPARE_COUNT=20000 \
///         swift test --skip-build --filter LLVMComparisonTests
@Suite struct LLVMComparisonTests {
    struct Place: Equatable {
        var symbol: String?
        var file: String?
        var line: Int?
    }

    @Test(
        .enabled(if: LLVMSymbolizer.path != nil, "llvm-symbolizer is not installed"),
        .disabled(if: Sanitizer.isAny, "its run-time library has lines, but no linkage names"))
    func sameFunctionsFilesAndLines() throws {
        let environment = ProcessInfo.processInfo.environment
        let binary = environment["LOOPGUARD_COMPARE_BINARY"] ?? ELFImage.ownPath
        let count = environment["LOOPGUARD_COMPARE_COUNT"].flatMap { Int($0) } ?? 400
        let seed = environment["LOOPGUARD_SEED"].flatMap { UInt64($0) } ?? 20_261_124
        print("LLVMComparisonTests: seed \(seed), \(count) addresses of \(binary)")
        var random = SplitMix64(state: seed)
        let code = try #require(ELFImage.codeRange(of: binary))
        let addresses = (0..<count).map { _ in UInt64.random(in: code, using: &random) }
        let theirs = try LLVMSymbolizer.symbolize(addresses, in: binary)
        try #require(theirs.count == count)

        let module = DebugModule(file: binary, name: "program", loadBias: 0, wantedBuildID: nil)
        var tally = Tally()
        for (address, expected) in zip(addresses, theirs) {
            let scopes = module.scopes(at: address)
            let ours =
                scopes.isEmpty
                ? [Place(symbol: module.symbol(at: address))]
                : scopes.map { Place(symbol: $0.symbol, file: $0.file, line: $0.line) }
            tally.compare(address, ours: ours, expected: expected)
        }
        print("LLVMComparisonTests: \(tally.summary)")
        #expect(tally.named > count / 3, "\(tally.summary)")
        #expect(tally.differences.isEmpty, "\(tally.summary)\n\(tally.differences.prefix(20).joined(separator: "\n"))")
    }
}

/// What the comparison counts.
private struct Tally {
    var same = 0
    var named = 0
    var inlined = 0
    /// llvm-symbolizer names no line (line 0) or no real file, and we give the nearest.
    var repaired = 0
    /// Nobody knows a function.
    var unknown = 0
    var differences: [String] = []

    var summary: String {
        "\(same) same (\(named) with a function, \(inlined) with inlined ones), \(repaired) of them without a line in the "
            + "debug information, \(unknown) unknown to both, \(differences.count) different"
    }

    mutating func compare(
        _ address: UInt64, ours: [LLVMComparisonTests.Place], expected: [LLVMComparisonTests.Place]
    ) {
        if expected.count == 1, expected[0].symbol == nil, ours.count == 1 {
            unknown += 1
            same += 1
            return
        }
        var isRepaired = false
        let isSame =
            ours.count == expected.count
            && zip(ours, expected).allSatisfy { our, their in
                // Assembly has labels within functions; either is right.
                guard name(our.symbol) == name(their.symbol) || their.file?.hasSuffix(".S") == true else {
                    return false
                }
                guard let line = their.line, line > 0, let file = their.file, LineTable.isReal(file) else {
                    if their.file != nil { isRepaired = true }
                    return true
                }
                return our.line == line && our.file.map(normalized) == normalized(file)
            }
        guard isSame else {
            differences.append(
                "0x\(String(address, radix: 16))\n  ours \(ours)\n  llvm \(expected)")
            return
        }
        same += 1
        if expected.contains(where: { $0.symbol != nil }) { named += 1 }
        if expected.count > 1 { inlined += 1 }
        if isRepaired { repaired += 1 }
    }

    private func name(_ symbol: String?) -> String? { symbol.map(FunctionName.readable) }

    private func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}

/// The tool, asked once for many addresses.
enum LLVMSymbolizer {
    static let path: String? = Tool.find("llvm-symbolizer")

    static func symbolize(_ addresses: [UInt64], in binary: String) throws -> [[LLVMComparisonTests.Place]] {
        let tool = try #require(path)
        let input = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n") + "\n"
        let output = try Tool.run(
            tool, ["--obj=" + binary, "--inlines", "--functions=linkage", "--no-demangle", "--output-style=LLVM"],
            input: input)
        // One block an address: name and place by turns, then an empty line.
        return output.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { block in
            let lines = block.split(separator: "\n", omittingEmptySubsequences: true)
            return stride(from: 0, to: lines.count - 1, by: 2).map { index in
                let place = lines[index + 1].split(separator: ":", omittingEmptySubsequences: false)
                let file = place.dropLast(2).joined(separator: ":")
                return LLVMComparisonTests.Place(
                    symbol: lines[index] == "??" ? nil : String(lines[index]), file: file == "??" ? nil : file,
                    line: place.dropLast().last.flatMap { Int($0) })
            }
        }
    }
}

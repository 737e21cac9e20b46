import ArgumentParser
import Foundation
import Glibc

/// Names the frames of stall reports after the fact, from an unstripped binary or a separate debug file.
@main
struct SymbolicateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "symbolicate",
        abstract: "Fills in function, file and line of stall reports that a stripped program wrote.",
        discussion: """
            REPORT is a document of /debug/stalls.json, an array of reports, one report, the JSON lines of the preload \
            library, or - for standard input. Frames that have no function or no line are looked up by build-id in the \
            binaries given and found; all else stays as it is. Frames of system libraries have no lines, here as in the \
            running program.

            Exit codes: 0 all frames of the program have been named, 1 some have not, 64 wrong usage, 65 the report or a \
            binary cannot be read.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case json, text }

    @Argument(help: "File with the report, or - for standard input.")
    var report: String

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Unstripped executable or library, or its separate debug file. Taken for the module with the same build-id; if a "
                + "report or the file has none, for the module of the same name. May be repeated.", valueName: "path"))
    var binary: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Folder in which .build-id/xx/….debug, the module's name and the name with .debug are looked for; "
                + "/usr/lib/debug always is. May be repeated.", valueName: "dir"))
    var search: [String] = []

    @Option(name: .long, help: "json (the same schema) or text.")
    var format: Format = .json

    /// The largest report that is read, in bytes.
    static let maxReportBytes = 256 << 20

    func run() throws {
        let outcome: Outcome
        do throws(SymbolicateError) {
            outcome = try Symbolication(binaries: binary, directories: search).run(
                Self.read(report, maxBytes: Self.maxReportBytes))
            let bytes =
                try format == .json
                ? ReportDocument(value: outcome.document, isLines: outcome.isLines).bytes()
                : Array(ReportText.render(outcome.document).utf8)
            try Self.write(bytes)
        } catch {
            Self.complain(error.description)
            throw ExitCode(65)
        }
        for warning in outcome.warnings { Self.complain(warning) }
        Self.complain(outcome.summary)
        if outcome.left > 0 { throw ExitCode(1) }
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("symbolicate: \(text)\n".utf8))
    }

    private static func read(_ path: String, maxBytes: Int) throws(SymbolicateError) -> [UInt8] {
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else {
            throw SymbolicateError(.unreadableReport, "\(path): \(String(cString: strerror(errno)))")
        }
        do {
            var bytes: [UInt8] = []
            while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
                bytes.append(contentsOf: part)
                if bytes.count > maxBytes {
                    throw SymbolicateError(.unreadableReport, "\(path) is longer than \(maxBytes) bytes")
                }
            }
            return bytes
        } catch let error as SymbolicateError {
            throw error
        } catch {
            throw SymbolicateError(.unreadableReport, "\(path) cannot be read", cause: error)
        }
    }

    private static func write(_ bytes: [UInt8]) throws(SymbolicateError) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            throw SymbolicateError(.unwritableOutput, "standard output cannot be written", cause: error)
        }
    }
}

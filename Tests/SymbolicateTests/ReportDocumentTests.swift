import Testing

@testable import loopguard_symbolicate

/// JSON lines, as the preload library writes them. Pure.
struct ReportDocumentTests {
    private let call = #"{"id":"a","samples":[{"frames":[{"address":"0x1","kind":"physical","is_runtime":false}]}]}"#
    private let summary = #"{"calls":1,"type":"summary"}"#

    @Test func `lines stay lines, and the summary stays as it is`() throws {
        let text = "\(call)\n\(call)\r\n\n\(summary)\n"
        let document = try ReportDocument(bytes: Array(text.utf8))
        #expect(document.isLines && document.value.array?.count == 3)
        let outcome = try Symbolication(binaries: [], directories: []).run(Array(text.utf8))
        let bytes = try ReportDocument(value: outcome.document, isLines: outcome.isLines).bytes()
        #expect(try ReportDocument(bytes: bytes) == document)
        #expect(bytes.split(separator: 10).count == 3)
        #expect(bytes.split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) } == summary)
        #expect(ReportText.reports(outcome.document).count == 2)
    }

    @Test func `one line, and a document over several lines, are documents`() throws {
        #expect(try !ReportDocument(bytes: Array("\(call)\n".utf8)).isLines)
        #expect(try !ReportDocument(bytes: Array("{\n  \"samples\": []\n}\n".utf8)).isLines)
        #expect(try !ReportDocument(bytes: Array("[\n{\"samples\": []},\n{\"samples\": []}\n]".utf8)).isLines)
        #expect(throws: Never.self) { try Symbolication(binaries: [], directories: []).run(Array(summary.utf8)) }
    }

    @Test func `a line that was cut off is named`() {
        let error = #expect(throws: SymbolicateError.self) {
            try ReportDocument(bytes: Array("\(call)\n\(call.dropLast(9))".utf8))
        }
        #expect(error?.code == .malformedReport && error?.message.hasPrefix("line 2 ") == true)
    }

    @Test func `names that are mangled are made readable`() throws {
        let symbol = "$s10Foundation6ThreadC5sleep15forTimeIntervalySd_tFZ"
        let text = call.replacing(#""kind""#, with: #""function":"\#(symbol)","module":"some","kind""#)
        let outcome = try Symbolication(binaries: [], directories: []).run(Array(text.utf8))
        let frame = outcome.document["samples"]?.array?.first?["frames"]?.array?.first
        #expect(frame?["function"]?.string == "static Thread.sleep(forTimeInterval:)")
        #expect(frame?["is_runtime"] == .bool(true))
    }
}

import Foundation
import Logging
import Testing

@testable import loopguard_server

struct LogLineTests {
    private func line(_ message: String, _ metadata: [(String, Logger.MetadataValue)] = [], worker: Int = 0) -> LogLine
    {
        LogLine(
            time: "2026-01-01T00:00:00.000Z", level: .info, label: "l", worker: worker, message: message,
            metadata: metadata.map { (key: $0.0, value: $0.1) })
    }

    private static let nasty = [
        "plain", "", "\"", "\\", "\\\"", "a\nb", "a\r\nb", "\t", "\u{0}", "\u{1F}", "\u{7F}", "\u{2028}", "é", "日本",
        "👩‍👩‍👧",
        "</script>", "{\"a\":1}", "a=b c", "\u{1B}[31mred",
    ]

    @Test(arguments: nasty)
    func jsonIsOneLineAndReadsBackAsItWas(_ text: String) throws {
        let metadata: [(String, Logger.MetadataValue)] = [
            (text, .string(text)), ("list", .array([.string(text)])), ("map", .dictionary([text: .string(text)])),
            ("number", .stringConvertible(7)),
        ]
        let json = line(text, metadata).json
        #expect(!json.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 })
        let read = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(read["message"] as? String == text)
        #expect(read[text] as? String == text)
        #expect(read["list"] as? [String] == [text])
        #expect(read["map"] as? [String: String] == [text: text])
        #expect(read["number"] as? String == "7")
        #expect(read["level"] as? String == "info")
    }

    @Test func metadataDoesNotOverwriteTheLinesOwnKeys() throws {
        let json = line("m", [("message", "other"), ("worker", "other")], worker: 2).json
        let read = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(read["message"] as? String == "m")
        #expect(read["worker"] as? Int == 2)
        #expect(read["_message"] as? String == "other")
        #expect(read["_worker"] as? String == "other")
    }

    @Test(arguments: nasty)
    func textIsOneLine(_ text: String) {
        let written = line(text, [("key", .string(text))]).text
        #expect(!written.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x2028 })
    }

    @Test func textIsForPeople() {
        #expect(
            line("served", [("a", "1"), ("b", "two words"), ("c", "q\"x"), ("d", "")], worker: 3).text
                == #"2026-01-01T00:00:00.000Z info     [3] l: served a=1 b="two words" c="q\"x" d="""#)
    }

    @Test func timesHaveMillisecondsAndAreUTC() {
        #expect(Timestamp.rfc3339(Date(timeIntervalSince1970: 0)) == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp.rfc3339(Date(timeIntervalSince1970: 1_700_000_000.0625)) == "2023-11-14T22:13:20.062Z")
        #expect(Timestamp.rfc3339(Date(timeIntervalSince1970: -0.5)) == "1969-12-31T23:59:59.500Z")
    }
}

import Foundation
import Loopguard

/// What the supervisor asks of a worker, and its answer: lines of JSON on the socket pair between them. An answer begins with
/// `!`, so that it is told from a status.
enum SelfTestMessages {
    struct Command: Codable, Equatable {
        var id: UInt64
        var test: SelfTest
        var maximumMilliseconds: Int
    }

    struct Answer: Codable, Equatable {
        var id: UInt64
        var outcome: SelfTest.Outcome?
        var refusal: SelfTestRequest.Refusal?
    }

    static let mark = UInt8(ascii: "!")

    static func line(_ command: Command) -> [UInt8] { encode(command) + [UInt8(ascii: "\n")] }
    static func line(_ answer: Answer) -> [UInt8] { [mark] + encode(answer) + [UInt8(ascii: "\n")] }

    static func command(_ line: [UInt8]) -> Command? { try? JSONDecoder().decode(Command.self, from: Data(line)) }

    /// Nil when the line is no answer.
    static func answer(_ line: [UInt8]) -> Answer? {
        guard line.first == mark else { return nil }
        return try? JSONDecoder().decode(Answer.self, from: Data(line.dropFirst()))
    }

    private static func encode(_ value: some Encodable) -> [UInt8] {
        (try? JSONEncoder().encode(value)).map(Array.init) ?? []
    }
}

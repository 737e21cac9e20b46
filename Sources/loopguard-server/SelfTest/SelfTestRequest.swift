import Foundation
import Loopguard
import LoopguardCore

/// What a `POST /debug/selftest` asks for. Pure.
struct SelfTestRequest: Equatable {
    static let path = "/debug/selftest"

    /// Worker number; nil = the first.
    var worker: Int?
    var test = SelfTest()

    /// - Parameters:
    ///   - query: `loop=loop-0&worker=1&ms=200&kind=sleep|spin`, each optional.
    ///   - maximumMilliseconds: the longest stall that may be planted.
    /// - Throws: ``Refusal`` with status 400.
    init(query: String, maximumMilliseconds: Int) throws(Refusal) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            switch parts[0] {
            case "loop":
                guard !value.isEmpty, value.utf8.count <= 64 else {
                    throw Refusal(400, "loop is a name such as loop-0.")
                }
                test.loop = value
            case "worker":
                guard let number = Int(value), (0...1024).contains(number) else {
                    throw Refusal(400, "worker is a number such as 1.")
                }
                worker = number
            case "ms":
                guard let number = Int(value), (1...maximumMilliseconds).contains(number) else {
                    throw Refusal(
                        400, "ms is the length of the stall: 1 to \(maximumMilliseconds) (see --selftest-max-ms).")
                }
                test.milliseconds = number
            case "kind":
                guard let kind = SelfTest.Kind(rawValue: value) else {
                    throw Refusal(400, "kind is sleep or spin.")
                }
                test.kind = kind
            default:
                throw Refusal(400, "unknown parameter; allowed: loop, worker, ms, kind.")
            }
        }
    }

    /// Why it is not done.
    struct Refusal: Error, Codable, Equatable {
        var status: Int
        var message: String

        init(_ status: Int, _ message: String) {
            self.status = status
            self.message = message
        }

        /// For what the runtime refuses.
        init(_ error: any Error) {
            switch (error as? LoopguardError)?.code {
            case LoopguardError.Code.notFound?: status = 404
            case LoopguardError.Code.busy?: status = 409
            case LoopguardError.Code.invalidConfiguration?: status = 400
            default: status = 500
            }
            message = "\(error)"
        }
    }

    /// The answer as JSON; a refusal as a line of text.
    static func response(_ result: Result<SelfTest.Outcome, Refusal>) -> DebugResponse {
        switch result {
        case .success(let outcome):
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let body = (try? encoder.encode(outcome)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
            return DebugResponse(status: 200, headers: [("content-type", "application/json")], body: body + "\n")
        case .failure(let refusal):
            return DebugResponse(
                status: refusal.status, headers: [("content-type", "text/plain; charset=utf-8")],
                body: "\(refusal.status): \(refusal.message)\n")
        }
    }

    /// The action of the admin address.
    ///
    /// - Parameter perform: plants the stall on a worker.
    static func action(
        _ settings: ServerSettings,
        _ perform: @escaping @Sendable (SelfTestRequest) async -> Result<SelfTest.Outcome, Refusal>
    ) -> AdminAction {
        let isEnabled = settings.selftest
        let most = settings.selftestMaxMilliseconds
        return { _, path, query in
            guard path == Self.path else { return nil }
            guard isEnabled else {
                return response(.failure(Refusal(403, "self-tests are switched off (--no-selftest).")))
            }
            do {
                return response(await perform(try SelfTestRequest(query: query, maximumMilliseconds: most)))
            } catch {
                return response(.failure(error as? Refusal ?? Refusal(500, "\(error)")))
            }
        }
    }
}

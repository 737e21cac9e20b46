import Foundation

/// The export of a server's watchdog, `/debug/stalls.json`, as far as the linter needs it. The format is documented in
/// Documentation/stall-report.schema.json; keys that are not listed here are not looked at.
struct StallExport: Sendable, Decodable {
    struct Frame: Sendable, Decodable {
        var function: String?
        var file: String?
        var line: Int?
        var isRuntime: Bool?
        var kind: String?
    }
    struct Sample: Sendable, Decodable {
        var validity: String?
        var frames: [Frame]
    }
    struct Cause: Sendable, Decodable {
        var category: String
        var summary: String?
        var systemCall: String?
        var hostAtFault: Bool?
    }
    struct Report: Sendable, Decodable {
        var kind: String?
        var cause: Cause
        var samples: [Sample]
        var rule: String?
    }
    struct Site: Sendable, Decodable {
        var fingerprint: String
        var count: UInt64
        var totalNs: UInt64
        var maxNs: UInt64
        var worst: Report
    }

    var sites: [Site]

    /// Bytes of an export that is read at most: 256 MiB.
    static let maximumBytes = 256 << 20

    /// - Throws: ``ConfigurationError``.
    init(json data: Data, from source: String) throws(ConfigurationError) {
        guard data.count <= Self.maximumBytes else {
            throw ConfigurationError("the export has more than \(Self.maximumBytes) bytes", file: source)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { self = try decoder.decode(StallExport.self, from: data) } catch {
            throw ConfigurationError(
                "is no export of stalls; take the document of /debug/stalls.json", file: source)
        }
    }

    /// From a file, or from a server's admin address.
    ///
    /// - Throws: ``ConfigurationError`` naming what cannot be read.
    static func load(_ source: String) throws(ConfigurationError) -> StallExport {
        guard source.hasPrefix("http://") || source.hasPrefix("https://") else {
            guard let data = FileManager.default.contents(atPath: source) else {
                throw ConfigurationError("the export cannot be read", file: source)
            }
            return try StallExport(json: data, from: source)
        }
        let result: ChildProcess.Result
        do {
            result = try ChildProcess.run(
                "curl",
                [
                    "--silent", "--show-error", "--fail", "--location", "--max-time", "30", "--proto", "=http,https",
                    "--max-filesize", "\(maximumBytes)", "--header", "Accept: application/json", "--",
                    address(source),
                ])
        } catch {
            throw ConfigurationError("\(error.message); save the export to a file and name that", file: source)
        }
        guard result.status == 0 else {
            throw ConfigurationError("the export cannot be fetched: \(result.complaint)", file: source)
        }
        return try StallExport(json: Data(result.output.utf8), from: source)
    }

    /// The document's address, given that of the page or of the server.
    static func address(_ url: String) -> String {
        let parts = url.split(separator: "/")
        if parts.count == 2 { return (url.hasSuffix("/") ? url : url + "/") + "debug/stalls.json" }
        return url.hasSuffix("/debug/stalls") ? url + ".json" : url
    }
}

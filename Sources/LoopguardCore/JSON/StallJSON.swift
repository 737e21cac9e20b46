#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON of everything that leaves the process: keys in snake case and sorted, times in nanoseconds, slashes not escaped.
///
/// Numbers that JSON does not have (`nan`, infinities) are written as the strings `NaN`, `+Inf`, `-Inf`, as Prometheus does.
public enum StallJSON {
    /// The largest input that `decode` looks at by default: 32 MiB.
    public static let defaultMaxBytes = 33_554_432

    /// One worker, for the supervisor.
    public static func encode(_ status: WorkerStatus) throws(StallJSONError) -> [UInt8] { try bytes(status) }
    /// All workers.
    public static func encode(_ status: ClusterStatus) throws(StallJSONError) -> [UInt8] { try bytes(status) }
    /// Reports alone.
    public static func encode(_ reports: [StallReport]) throws(StallJSONError) -> [UInt8] { try bytes(reports) }
    /// `/debug/stalls.json`.
    public static func encode(_ document: StallsDocument) throws(StallJSONError) -> [UInt8] { try bytes(document) }
    /// `/debug/loops.json`.
    public static func encode(_ document: LoopsDocument) throws(StallJSONError) -> [UInt8] { try bytes(document) }
    /// `/debug/offload.json`.
    public static func encode(_ document: OffloadDocument) throws(StallJSONError) -> [UInt8] { try bytes(document) }

    /// `--stall-budget-report`.
    public static func encode(_ verdict: GateVerdict) throws(StallJSONError) -> [UInt8] { try bytes(verdict) }
    /// `--write-stall-baseline`; indented, since people edit it.
    public static func encode(_ baseline: StallBaseline) throws(StallJSONError) -> [UInt8] {
        try bytes(baseline, isPretty: true)
    }

    /// Reads what `encode` wrote. `T` is one of the types above.
    ///
    /// Throws `StallJSONError.Code.tooLarge` above `maxBytes`, `.malformed` when it is not such a document.
    public static func decode<T: Decodable>(
        _ type: T.Type = T.self, from bytes: some Collection<UInt8>, maxBytes: Int = defaultMaxBytes
    ) throws(StallJSONError) -> T {
        guard bytes.count <= maxBytes else {
            throw StallJSONError(
                code: .tooLarge, message: "\(bytes.count) bytes of JSON; at most \(maxBytes) are read", cause: nil
            )
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "+Inf", negativeInfinity: "-Inf", nan: "NaN"
        )
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            throw StallJSONError(code: .malformed, message: "not a \(type): \(error)", cause: error)
        }
    }

    private static func bytes(_ value: some Encodable, isPretty: Bool = false) throws(StallJSONError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "+Inf", negativeInfinity: "-Inf", nan: "NaN"
        )
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw StallJSONError(code: .unencodable, message: "cannot be written as JSON: \(error)", cause: error)
        }
    }
}

extension StallJSON {
    /// A file in somebody else's format: its keys as they are.
    static func speedscope(_ file: SpeedscopeFile) throws(StallJSONError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(file), as: UTF8.self)
        } catch {
            throw StallJSONError(code: .unencodable, message: "cannot be written as JSON: \(error)", cause: error)
        }
    }
}

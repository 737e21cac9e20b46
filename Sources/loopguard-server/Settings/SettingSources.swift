import Configuration
import Foundation

/// The configuration file as it was read.
struct ConfigurationFile: Sendable {
    var path: String
    var bytes: [UInt8]
}

/// Where values come from, in order of precedence: flag, environment variable, configuration file.
struct SettingSources {
    /// A value as text, and where it stood.
    struct Found: Equatable {
        /// More than one only for lists.
        var values: [String]
        /// `--port`, `LOOPGUARD_PORT` or `port in server.json`.
        var place: String
    }

    private let flags: InMemoryProvider
    private let environment: EnvironmentVariablesProvider
    private let file: JSONSnapshot?
    private let filePath: String

    /// - Throws: ``SettingsError`` when the file is not a JSON object, or holds a key that is not known.
    init(
        flags: [Setting: [String]], environment: [String: String], file: ConfigurationFile?
    ) throws(SettingsError) {
        self.flags = InMemoryProvider(
            values: Dictionary(
                uniqueKeysWithValues: flags.map { setting, values in
                    (AbsoluteConfigKey([setting.key]), ConfigValue(.stringArray(values), isSecret: setting.isSecret))
                }))
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
        filePath = file?.path ?? ""
        guard let file else {
            self.file = nil
            return
        }
        try Self.checkKeys(file)
        do {
            self.file = try JSONSnapshot(
                data: file.bytes.span.bytes, providerName: file.path, parsingOptions: .default)
        } catch {
            throw SettingsError("the configuration file \(file.path) cannot be used: \(error)")
        }
    }

    func find(_ setting: Setting) throws(SettingsError) -> Found? {
        if let values = try? flags.value(forKey: AbsoluteConfigKey([setting.key]), type: .stringArray).value,
            case .stringArray(let texts) = values.content
        {
            return Found(values: texts, place: setting.flag)
        }
        let variable = AbsoluteConfigKey(["loopguard", setting.key])
        if let value = try? environment.value(forKey: variable, type: .string).value,
            case .string(let text) = value.content
        {
            return Found(values: setting.kind == .list ? Self.split(text) : [text], place: setting.variable)
        }
        guard let file else { return nil }
        return try find(setting, in: file)
    }

    private func find(_ setting: Setting, in file: JSONSnapshot) throws(SettingsError) -> Found? {
        let place = "\(setting.key) in \(filePath)"
        let types: [ConfigType] =
            switch setting.kind {
            case .text: [.string]
            case .integer: [.int]
            case .flag: [.bool]
            case .list: [.stringArray, .string]
            }
        for type in types {
            let result: LookupResult
            do {
                result = try file.value(forKey: AbsoluteConfigKey([setting.key]), type: type)
            } catch {
                continue
            }
            guard let value = result.value else { return nil }
            switch value.content {
            case .string(let text):
                return Found(values: setting.kind == .list ? Self.split(text) : [text], place: place)
            case .int(let number): return Found(values: ["\(number)"], place: place)
            case .bool(let flag): return Found(values: ["\(flag)"], place: place)
            case .stringArray(let texts): return Found(values: texts, place: place)
            default: break
            }
        }
        let wanted =
            switch setting.kind {
            case .text: "a string"
            case .integer: "a whole number, without quotes"
            case .flag: "true or false, without quotes"
            case .list: "an array of strings"
            }
        throw SettingsError("\(place) has the wrong type: write \(wanted).")
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// A key that nobody reads is a spelling mistake that would otherwise go unnoticed.
    private static func checkKeys(_ file: ConfigurationFile) throws(SettingsError) {
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: Data(file.bytes))
        } catch {
            throw SettingsError("the configuration file \(file.path) is not valid JSON: \(reason(error)).")
        }
        guard let object = parsed as? [String: Any] else {
            throw SettingsError(
                "the configuration file \(file.path) must be one JSON object, such as {\"port\": 8080}.")
        }
        let known = Setting.all.map(\.key)
        for key in object.keys.sorted() where !known.contains(key) {
            let near = Suggestion.nearest(to: key, among: known).map { " Did you mean \($0)?" } ?? ""
            throw SettingsError(
                "unknown key \(key) in \(file.path).\(near) Allowed: \(known.sorted().joined(separator: ", ")).")
        }
        // `swift-configuration` drops null; here it would hide a value that somebody meant to give.
        for (key, value) in object where value is NSNull {
            throw SettingsError("\(key) in \(file.path) is null: give a value, or leave the key out.")
        }
        for (key, value) in object where value is [String: Any] {
            throw SettingsError("\(key) in \(file.path) is an object: write a plain value.")
        }
    }

    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        return (error.userInfo["NSDebugDescription"] as? String) ?? error.localizedDescription
    }

    /// Variables that begin like ours and are none.
    static func unknownVariables(_ environment: [String: String]) -> [String] {
        let known = Set((Setting.all + [.config]).map(\.variable) + InternalVariables.all)
        return environment.keys.filter { $0.hasPrefix("LOOPGUARD_") && !known.contains($0) }.sorted()
    }
}

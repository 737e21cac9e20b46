/// Turns the text of settings into values, and refuses with one kind of message.
struct SettingReader {
    private let sources: SettingSources

    init(_ sources: SettingSources) { self.sources = sources }

    func found(_ setting: Setting) throws(SettingsError) -> SettingSources.Found? { try sources.find(setting) }

    func integer(
        _ setting: Setting, _ range: ClosedRange<Int>, _ allowed: String
    ) throws(SettingsError) -> Int? {
        guard let found = try found(setting) else { return nil }
        let text = found.values.last ?? ""
        guard let number = Int(text), range.contains(number) else { throw refusal(found, text, allowed) }
        return number
    }

    func text(_ setting: Setting, _ allowed: String) throws(SettingsError) -> String? {
        guard let found = try found(setting) else { return nil }
        let text = found.values.last ?? ""
        guard !text.isEmpty, !text.contains(where: \.isWhitespace) else { throw refusal(found, text, allowed) }
        return text
    }

    func path(_ setting: Setting) throws(SettingsError) -> String? {
        guard let found = try found(setting) else { return nil }
        let text = found.values.last ?? ""
        guard !text.isEmpty else { throw refusal(found, text, "the path of a file") }
        return text
    }

    func boolean(_ setting: Setting) throws(SettingsError) -> Bool? {
        guard let found = try found(setting) else { return nil }
        let text = found.values.last ?? ""
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw refusal(found, text, "true or false")
        }
    }

    func oneOf(_ setting: Setting, _ choices: [String]) throws(SettingsError) -> String? {
        guard let found = try found(setting) else { return nil }
        let text = found.values.last ?? ""
        guard choices.contains(text) else { throw refusal(found, text, choices.joined(separator: ", ")) }
        return text
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ setting: Setting
    ) throws(SettingsError) -> Choice? where Choice.RawValue == String {
        try oneOf(setting, Choice.allCases.map(\.rawValue)).flatMap(Choice.init)
    }

    func refusal(_ found: SettingSources.Found, _ value: String, _ allowed: String) -> SettingsError {
        let shown = value.count > 200 ? "\(value.prefix(200))…" : value
        let kubernetes =
            found.place.hasPrefix("LOOPGUARD_") && value.hasPrefix("tcp://")
            ? " (Kubernetes sets this variable for a service named loopguard: set enableServiceLinks: false.)" : ""
        return SettingsError("\(found.place) is \"\(shown)\". Allowed: \(allowed).\(kubernetes)")
    }
}

/// The catalogue as the running server knows it: which rule covers which call. Written as Swift source for LoopguardCore, so that
/// linter and watchdog use the same words without one importing the other. `Tools/rule-table` writes the file.
public enum RuleTable {
    /// The file in this repository.
    public static let path = "Sources/LoopguardCore/Classification/LintRules+Table.swift"

    /// The text of the file.
    public static func swift(_ catalogue: Catalogue) -> String {
        var rules: [String: Set<String>] = [:]
        for sink in catalogue.sinks { rules[sink.rule, default: []].formUnion(sink.functions) }
        var out = """
            // Written by Tools/rule-table from Sources/LoopguardLint/Catalogue/Data: do not edit.

            extension LintRules {
                /// Rules with the calls that they cover, as the catalogue writes them.
                static let table: [(rule: String, calls: String)] = [

            """
        for (rule, functions) in rules.sorted(by: { $0.key < $1.key }) {
            out += "        (\n            \"\(rule)\",\n            \"\"\"\n"
            var line = ""
            for function in functions.sorted() {
                if !line.isEmpty, line.utf8.count + function.utf8.count > 100 {
                    out += "            \(line) \\\n"
                    line = ""
                }
                line += line.isEmpty ? function : " " + function
            }
            out += "            \(line)\n            \"\"\"\n        ),\n"
        }
        return out + "    ]\n}\n"
    }
}

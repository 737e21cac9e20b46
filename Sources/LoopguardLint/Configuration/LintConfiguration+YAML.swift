#if Lint
    import Yams

    extension LintConfiguration {
        /// Reads the text of a `.loopguard.yml`. Every key is checked: one that is not known is an error, not a wish that is lost.
        ///
        /// - Throws: ``ConfigurationError`` with the line.
        public init(yaml: String, file: String, root: String) throws(ConfigurationError) {
            self.init()
            self.file = file
            self.root = root
            let document: Node?
            do { document = try compose(yaml: yaml) } catch {
                throw Self.syntaxError(error, file)
            }
            guard let document, document != .scalar(.init("")) else { return }
            var reader = Reader(file: file)
            let top = try reader.mapping(document, "the file", allowed: Self.keys)
            for (key, value) in top { try read(key, value, &reader) }
        }

        private static func syntaxError(_ error: any Error, _ file: String) -> ConfigurationError {
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                ConfigurationError("is not YAML: \(problem)", file: file, line: mark.line)
            case .duplicatedKeysInMapping(let names, let context):
                ConfigurationError(
                    "has the same key twice: \(names.joined(separator: ", "))", file: file, line: context.mark.line)
            default: ConfigurationError("is not YAML: \(error)", file: file)
            }
        }

        private mutating func read(_ key: String, _ value: Node, _ reader: inout Reader) throws(ConfigurationError) {
            switch key {
            case "version":
                guard value.scalar?.string == "1" else {
                    throw reader.error(
                        value, "version \(value.scalar?.string ?? "?") is not known; this linter reads 1")
                }
            case "paths": paths = try reader.strings(value, key)
            case "exclude": exclude = try reader.strings(value, key).map { Glob($0) }
            case "tiers":
                tiers = []
                for name in try reader.strings(value, key) {
                    guard let tier = Catalogue.Tier(rawValue: name) else {
                        throw reader.unknown("tier", name, value, Catalogue.Tier.allCases.map(\.rawValue))
                    }
                    tiers.insert(tier)
                }
            case "rules":
                for (rule, setting) in try reader.mapping(value, key, allowed: nil) {
                    let text = try reader.string(setting, rule)
                    guard let known = RuleSetting(rawValue: text) else {
                        throw reader.unknown("setting", text, setting, RuleSetting.allCases.map(\.rawValue))
                    }
                    rules[rule] = known
                    ruleLines[rule] = setting.mark?.line
                }
            case "fail-on":
                let text = try reader.string(value, key)
                guard let severity = Finding.Severity(rawValue: text) else {
                    throw reader.unknown("severity", text, value, Finding.Severity.allCases.map(\.rawValue))
                }
                failOn = severity
            case "baseline": baseline = try reader.string(value, key)
            case "catalogues": catalogues = try reader.strings(value, key)
            case "event-loop": eventLoop = try reader.strings(value, key)
            case "blocking-allowed": blockingAllowed = try reader.strings(value, key)
            case "start-up":
                for (name, setting) in try reader.mapping(value, key, allowed: ["report", "functions"]) {
                    if name == "report" {
                        includesStartup = try reader.bool(setting, name)
                    } else {
                        startup = try reader.strings(setting, name)
                    }
                }
            case "minimum-sleep-ms": minimumSleepMs = try reader.number(value, key, 0...3_600_000)
            case "kdf":
                for (name, setting) in try reader.mapping(value, key, allowed: ["cost", "rounds"]) {
                    if name == "cost" {
                        kdfCost = try reader.number(setting, name, 0...31)
                    } else {
                        kdfRounds = try reader.number(setting, name, 0...1_000_000_000)
                    }
                }
            case "depth": depth = Int(try reader.number(value, key, 1...64))
            case "minimum-confidence": confidence = try reader.number(value, key, 0...1)
            case "index-store": indexStore = try reader.string(value, key)
            default: break
            }
        }

        /// Values with the line to blame.
        private struct Reader {
            var file: String

            func error(_ node: Node, _ message: String) -> ConfigurationError {
                ConfigurationError(message, file: file, line: node.mark?.line)
            }

            func unknown(_ what: String, _ text: String, _ node: Node, _ names: [String]) -> ConfigurationError {
                error(
                    node,
                    "\(what) `\(text)` is not known\(NearestName.hint(text, among: names)) Known: "
                        + names.joined(separator: ", "))
            }

            func mapping(
                _ node: Node, _ what: String, allowed: [String]?
            ) throws(ConfigurationError) -> [(String, Node)] {
                guard let mapping = node.mapping else {
                    throw error(node, "\(what) must be a mapping: a `key: value` a line")
                }
                var pairs: [(String, Node)] = []
                for (key, value) in mapping {
                    let name = key.scalar?.string ?? ""
                    if let allowed, !allowed.contains(name) {
                        throw unknown("key", name, key, allowed)
                    }
                    pairs.append((name, value))
                }
                return pairs
            }

            func string(_ node: Node, _ key: String) throws(ConfigurationError) -> String {
                guard let text = node.scalar?.string, !text.isEmpty else { throw error(node, "\(key) must be a text") }
                return text
            }

            /// A list, or one text alone.
            func strings(_ node: Node, _ key: String) throws(ConfigurationError) -> [String] {
                if let list = node.sequence {
                    var texts: [String] = []
                    for element in list { texts.append(try string(element, key)) }
                    return texts
                }
                guard node.scalar != nil else { throw error(node, "\(key) must be a list") }
                return [try string(node, key)]
            }

            func bool(_ node: Node, _ key: String) throws(ConfigurationError) -> Bool {
                switch node.scalar?.string {
                case "true", "yes", "on": return true
                case "false", "no", "off": return false
                default: throw error(node, "\(key) must be true or false")
                }
            }

            func number(
                _ node: Node, _ key: String, _ range: ClosedRange<Double>
            ) throws(ConfigurationError) -> Double {
                guard let text = node.scalar?.string, let value = Double(text.filter { $0 != "_" }),
                    range.contains(value)
                else {
                    throw error(
                        node, "\(key) must be a number from \(shown(range.lowerBound)) to \(shown(range.upperBound))")
                }
                return value
            }

            private func shown(_ value: Double) -> String {
                value == value.rounded() ? String(Int(value)) : String(value)
            }
        }
    }
#endif

#if !Lint
    // What needs swift-syntax and Yams, as it is without them: callers compile, and get told.

    extension SourceFacts {
        /// Nothing but a problem: this build cannot parse.
        public init(path: String, bytes: [UInt8], withStructure: Bool = false) {
            self.init(
                path: path, lines: LineTable(bytes), scopes: [], calls: [], suppressions: [], imports: [],
                problems: [Self.withoutLint])
        }

        static let withoutLint =
            "the linter is built without its parser: give the dependency loopguard in Package.swift its trait, traits: [\"Lint\"]"
    }

    extension Catalogue {
        /// - Throws: ``CatalogueError`` always.
        public static func builtIn() throws(CatalogueError) -> Catalogue {
            throw CatalogueError("the catalogue cannot be read: \(SourceFacts.withoutLint)")
        }

        /// - Throws: ``CatalogueError`` always.
        public mutating func add(yaml: String, from file: String) throws(CatalogueError) {
            throw CatalogueError("\(file) cannot be read: \(SourceFacts.withoutLint)")
        }
    }

    extension LintConfiguration {
        /// - Throws: ``ConfigurationError`` always.
        public init(yaml: String, file: String, root: String) throws(ConfigurationError) {
            throw ConfigurationError("cannot be read: \(SourceFacts.withoutLint)", file: file)
        }
    }

    /// Plans nothing: this build cannot parse.
    public enum Fixer {
        /// All findings are refused.
        public static func plan(
            _ findings: [Finding], path: String, bytes: [UInt8], trustsSyntax: Bool = false
        ) -> FixPlan {
            var plan = FixPlan()
            for finding in findings where finding.place.path == path {
                plan.refusals.append(.init(rule: finding.rule, place: finding.place, reason: SourceFacts.withoutLint))
            }
            return plan
        }
    }
#endif

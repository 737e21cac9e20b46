#if Lint
    import SwiftDiagnostics
    import SwiftParser
    import SwiftParserDiagnostics
    import SwiftSyntax

    extension SourceFacts {
        /// Parses one file. Broken code gives what can be understood of it and a line in ``problems``.
        ///
        /// - Parameter withStructure: fills ``structure`` as well, at the price of a second walk. Default false.
        public init(path: String, bytes: [UInt8], withStructure: Bool = false) {
            let lines = LineTable(bytes)
            let tree = bytes.withUnsafeBufferPointer { Parser.parse(source: $0) }
            let visitor = FactsVisitor(length: bytes.count)
            visitor.walk(tree)
            self.init(
                path: path, lines: lines, scopes: visitor.scopes, calls: visitor.calls,
                suppressions: SuppressionParser.suppressions(in: tree, lines: lines), imports: visitor.imports,
                problems: []
            )
            if withStructure {
                let structureVisitor = StructureVisitor(length: bytes.count)
                structureVisitor.walk(tree)
                structure = structureVisitor.facts
            }
            callAt = Dictionary(
                calls.indices.map { (calls[$0].nameOffset, $0) }, uniquingKeysWith: { first, _ in first })
            localValues = visitor.localValues
            mentions = visitor.mentions
            argumentAt = visitor.argumentAt
            stores = visitor.stores
            wrapped = visitor.wrapped
            asyncAliases = visitor.asyncAliases
            globalActors = visitor.globalActors
            deadRanges = visitor.deadRanges
            hasMain = visitor.hasMain
            if tree.hasError {
                problems = ParseDiagnosticsGenerator.diagnostics(for: tree).prefix(Self.maximumProblems).map {
                    diagnostic in
                    let place = lines.position(of: diagnostic.position.utf8Offset)
                    return "\(place.line):\(place.column): \(diagnostic.message)"
                }
            }
        }

        /// Complaints of the parser that are kept for one file.
        public static let maximumProblems = 5
    }
#endif

#if Lint
    import SwiftSyntax

    extension FactsVisitor {
        /// Source text of an expression on one line, shortened.
        static func text(_ node: some SyntaxProtocol) -> String {
            // A long expression (a closure in a chain of calls, mostly) is nobody's constant: its text is not made.
            if node.trimmedLength.utf8Length > 4 * SourceFacts.maximumText { return "…" }
            var text: [UInt8] = []
            var isBetween = false
            for byte in node.trimmedDescription.utf8 {
                if byte == 0x20 || (0x09...0x0D).contains(byte) {
                    isBetween = true
                    continue
                }
                if isBetween { text.append(0x20) }
                isBetween = false
                if text.count >= SourceFacts.maximumText { return String(decoding: text, as: UTF8.self) + "…" }
                text.append(byte)
            }
            return String(decoding: text, as: UTF8.self)
        }

        static func isNonisolated(_ modifiers: DeclModifierListSyntax) -> Bool {
            modifiers.contains { $0.name.tokenKind == .keyword(.nonisolated) || $0.name.tokenKind == .keyword(.static) }
        }

        static func parameters(_ signature: FunctionSignatureSyntax) -> [SourceFacts.Parameter] {
            signature.parameterClause.parameters.map {
                SourceFacts.Parameter(
                    label: $0.firstName.text, name: ($0.secondName ?? $0.firstName).text,
                    isFunction: isFunction($0.type), isVariadic: $0.ellipsis != nil)
            }
        }

        static func declareBlocking(
            _ scope: inout SourceFacts.Scope, _ attributes: AttributeListSyntax, _ node: Syntax
        ) {
            let isCommented = node.leadingTrivia.pieces.contains { piece in
                switch piece {
                case .lineComment(let text), .docLineComment(let text): text.contains("loopguard:blocking")
                default: false
                }
            }
            scope.isDeclaredBlocking = isCommented
            for element in attributes where !isCommented {
                guard let attribute = element.as(AttributeSyntax.self),
                    attribute.attributeName.as(IdentifierTypeSyntax.self)?.name.text == "available",
                    let arguments = attribute.arguments?.as(AvailabilityArgumentListSyntax.self),
                    arguments.contains(where: { $0.argument.as(TokenSyntax.self)?.text == "noasync" })
                else { continue }
                scope.isDeclaredBlocking = true
                scope.noasyncMessage =
                    arguments.lazy.compactMap { $0.argument.as(AvailabilityLabeledArgumentSyntax.self) }
                    .first { $0.label.text == "message" }?.value.trimmedDescription ?? ""
            }
        }

        /// Whether the statements contain an `await` (or `for await`, `async let`) outside closures and functions in them.
        static func awaitsItself(_ statements: CodeBlockItemListSyntax) -> Bool {
            let finder = AwaitFinder(viewMode: .sourceAccurate)
            finder.walk(statements)
            return finder.isFound
        }
    }

    private final class AwaitFinder: SyntaxVisitor {
        var isFound = false
        override func visit(_ node: AwaitExprSyntax) -> SyntaxVisitorContinueKind {
            isFound = true
            return .skipChildren
        }
        override func visit(_ node: ForStmtSyntax) -> SyntaxVisitorContinueKind {
            if node.awaitKeyword != nil { isFound = true }
            return .visitChildren
        }
        override func visit(_ node: DeclModifierSyntax) -> SyntaxVisitorContinueKind {
            if node.name.tokenKind == .keyword(.async) { isFound = true }
            return .skipChildren
        }
        override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
        override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
    }
#endif

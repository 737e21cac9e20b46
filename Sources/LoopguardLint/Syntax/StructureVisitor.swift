#if Lint
    import SwiftSyntax

    /// Collects ``StructureFacts`` in one walk.
    final class StructureVisitor: SyntaxVisitor {
        private(set) var facts = StructureFacts()
        private var blockStack: [Int] = []
        /// Code that knows a local name: the range of the innermost list of statements or closure.
        private var ranges: [Range<Int>]
        private var owners: [String?] = [nil]

        init(length: Int) {
            ranges = [0..<max(1, length + 1)]
            super.init(viewMode: .sourceAccurate)
        }

        private func start(_ node: some SyntaxProtocol) -> Int { node.positionAfterSkippingLeadingTrivia.utf8Offset }
        private func range(_ node: some SyntaxProtocol) -> Range<Int> {
            let lower = start(node)
            return lower..<max(lower, node.endPositionBeforeTrailingTrivia.utf8Offset)
        }
        private var visible: Range<Int> { ranges[ranges.count - 1] }
        private var isMember: Bool { owners[owners.count - 1] != nil }

        // MARK: statements

        override func visit(_ node: CodeBlockItemListSyntax) -> SyntaxVisitorContinueKind {
            let isDeferred = node.parent?.parent?.is(DeferStmtSyntax.self) ?? false
            let own = node.parent?.is(SourceFileSyntax.self) ?? false ? visible : range(node)
            facts.blocks.append(.init(range: own, parent: blockStack.last ?? -1, isDeferred: isDeferred))
            blockStack.append(facts.blocks.count - 1)
            ranges.append(own)
            owners.append(nil)
            return .visitChildren
        }
        override func visitPost(_ node: CodeBlockItemListSyntax) {
            blockStack.removeLast()
            ranges.removeLast()
            owners.removeLast()
        }

        override func visit(_ node: AwaitExprSyntax) -> SyntaxVisitorContinueKind {
            facts.awaits.append(start(node))
            noteAwaited(node.expression)
            return .visitChildren
        }

        /// The calls of a chain, arguments left out: those are judged for themselves.
        private func noteAwaited(_ expression: ExprSyntax) {
            if let call = expression.as(FunctionCallExprSyntax.self) {
                if let member = call.calledExpression.as(MemberAccessExprSyntax.self) {
                    facts.directlyAwaited.insert(start(member.declName.baseName))
                } else if let name = call.calledExpression.as(DeclReferenceExprSyntax.self) {
                    facts.directlyAwaited.insert(start(name.baseName))
                }
                noteAwaited(call.calledExpression)
            } else if let member = expression.as(MemberAccessExprSyntax.self), let base = member.base {
                noteAwaited(base)
            } else if let sequence = expression.as(SequenceExprSyntax.self) {
                for element in sequence.elements { noteAwaited(element) }
            } else if let inner = expression.as(OptionalChainingExprSyntax.self)?.expression
                ?? expression.as(ForceUnwrapExprSyntax.self)?.expression
                ?? expression.as(TryExprSyntax.self)?.expression
            {
                noteAwaited(inner)
            }
        }

        override func visit(_ node: ForStmtSyntax) -> SyntaxVisitorContinueKind {
            if node.awaitKeyword != nil { facts.awaits.append(start(node)) }
            facts.loops.append(start(node))
            bind(node.pattern, nil, visible: range(node))
            return .visitChildren
        }
        override func visit(_ node: WhileStmtSyntax) -> SyntaxVisitorContinueKind {
            facts.loops.append(start(node))
            return .visitChildren
        }
        override func visit(_ node: RepeatStmtSyntax) -> SyntaxVisitorContinueKind {
            facts.loops.append(start(node))
            return .visitChildren
        }

        // MARK: types

        private func enter(
            _ name: String, nameOffset: Int, _ inheritance: InheritanceClauseSyntax?, _ node: some SyntaxProtocol,
            isExtension: Bool = false, isProtocol: Bool = false
        ) -> SyntaxVisitorContinueKind {
            let short = TypeText.plain(name) ?? name
            facts.types.append(
                .init(
                    name: short,
                    inherited: inheritance?.inheritedTypes.compactMap { TypeText.plain($0.type.trimmedDescription) }
                        ?? [],
                    range: range(node), nameOffset: nameOffset, isExtension: isExtension, isProtocol: isProtocol))
            owners.append(short)
            ranges.append(range(node))
            return .visitChildren
        }
        private func leaveType() {
            owners.removeLast()
            ranges.removeLast()
        }
        override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(node.name.text, nameOffset: start(node.name), node.inheritanceClause, node)
        }
        override func visitPost(_ node: ClassDeclSyntax) { leaveType() }
        override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(node.name.text, nameOffset: start(node.name), node.inheritanceClause, node)
        }
        override func visitPost(_ node: StructDeclSyntax) { leaveType() }
        override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(node.name.text, nameOffset: start(node.name), node.inheritanceClause, node)
        }
        override func visitPost(_ node: EnumDeclSyntax) { leaveType() }
        override func visit(_ node: ActorDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(node.name.text, nameOffset: start(node.name), node.inheritanceClause, node)
        }
        override func visitPost(_ node: ActorDeclSyntax) { leaveType() }
        override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(node.name.text, nameOffset: start(node.name), node.inheritanceClause, node, isProtocol: true)
        }
        override func visitPost(_ node: ProtocolDeclSyntax) { leaveType() }
        override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(
                node.extendedType.trimmedDescription, nameOffset: start(node.extendedType), node.inheritanceClause,
                node,
                isExtension: true)
        }
        override func visitPost(_ node: ExtensionDeclSyntax) { leaveType() }

        // MARK: names

        override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
            note(
                node.signature, at: start(node.name), node.modifiers, body: node.body.map(Syntax.init),
                returns: node.signature.returnClause?.type)
            return .visitChildren
        }
        override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind {
            note(
                node.signature, at: start(node.initKeyword), node.modifiers, body: node.body.map(Syntax.init),
                returns: nil)
            return .visitChildren
        }

        private func note(
            _ signature: FunctionSignatureSyntax, at offset: Int, _ modifiers: DeclModifierListSyntax, body: Syntax?,
            returns: TypeSyntax?
        ) {
            let parameters = signature.parameterClause.parameters
            facts.signatures[offset] = StructureFacts.Signature(
                defaults: parameters.map { $0.defaultValue != nil || $0.ellipsis != nil },
                takesAsync: parameters.map {
                    $0.type.tokens(viewMode: .sourceAccurate).contains { $0.text == "async" }
                },
                returns: returns.flatMap { TypeText.plain($0.trimmedDescription) },
                isPublic: modifiers.contains {
                    [.keyword(.public), .keyword(.open), .keyword(.package)].contains($0.name.tokenKind)
                }, hasBody: body != nil)
            guard let body else { return }
            for parameter in parameters {
                facts.names.append(
                    .init(
                        name: (parameter.secondName ?? parameter.firstName).text,
                        type: TypeText.plain(parameter.type.trimmedDescription), visible: range(body)))
            }
        }

        override func visit(_ node: VariableDeclSyntax) -> SyntaxVisitorContinueKind {
            if node.modifiers.contains(where: { $0.name.tokenKind == .keyword(.async) }) {
                facts.awaits.append(start(node))
            }
            let from = isMember || blockStack.count <= 1 ? visible : start(node)..<max(start(node), visible.upperBound)
            for binding in node.bindings {
                let type =
                    binding.typeAnnotation.flatMap { TypeText.plain($0.type.trimmedDescription) }
                    ?? binding.initializer.flatMap { TypeText.type(of: $0.value) }
                bind(binding.pattern, type, visible: from)
            }
            return .visitChildren
        }

        override func visit(_ node: OptionalBindingConditionSyntax) -> SyntaxVisitorContinueKind {
            // `if let process` keeps what is known of it; `if let process = other()` does not.
            if let value = node.initializer?.value {
                let from = start(node)..<max(start(node), visible.upperBound)
                bind(node.pattern, TypeText.type(of: value), visible: from)
            }
            return .visitChildren
        }

        override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind {
            switch node.signature?.parameterClause {
            case .simpleInput(let names)?:
                for name in names { facts.names.append(.init(name: name.name.text, type: nil, visible: range(node))) }
            case .parameterClause(let clause)?:
                for parameter in clause.parameters {
                    facts.names.append(
                        .init(
                            name: (parameter.secondName ?? parameter.firstName).text,
                            type: parameter.type.flatMap { TypeText.plain($0.trimmedDescription) }, visible: range(node)
                        ))
                }
            case nil: break
            }
            return .visitChildren
        }

        private func bind(_ pattern: PatternSyntax, _ type: String?, visible: Range<Int>) {
            if let name = pattern.as(IdentifierPatternSyntax.self) {
                facts.names.append(
                    .init(name: name.identifier.text, type: type, visible: visible, owner: owners[owners.count - 1]))
            } else if let tuple = pattern.as(TuplePatternSyntax.self) {
                for element in tuple.elements { bind(element.pattern, nil, visible: visible) }
            }
        }

        override func visit(_ node: MemberAccessExprSyntax) -> SyntaxVisitorContinueKind {
            guard let base = node.base, !(node.parent?.as(FunctionCallExprSyntax.self)?.calledExpression.id == node.id)
            else { return .visitChildren }
            facts.members.append(
                .init(
                    nameOffset: start(node.declName.baseName), name: node.declName.baseName.text,
                    receiver: String(base.trimmedDescription.prefix(SourceFacts.maximumText))))
            return .visitChildren
        }
    }
#endif

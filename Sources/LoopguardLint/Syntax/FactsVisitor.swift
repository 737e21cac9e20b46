#if Lint
    import SwiftSyntax

    /// Collects ``SourceFacts`` in one walk.
    final class FactsVisitor: SyntaxVisitor {
        private(set) var scopes: [SourceFacts.Scope]
        private(set) var calls: [SourceFacts.Call] = []
        private(set) var imports: [String] = []
        private(set) var localValues: [SourceFacts.LocalValue] = []
        private(set) var mentions: [SourceFacts.Mention] = []
        private(set) var argumentAt: [Int: SourceFacts.Argument] = [:]
        private(set) var stores: [SourceFacts.Store] = []
        private(set) var wrapped: [SourceFacts.Wrapped] = []
        private(set) var asyncAliases: [String] = []
        private(set) var globalActors: [String] = []
        private(set) var deadRanges: [Range<Int>] = []
        private(set) var hasMain = false
        /// Names of local functions and of variables that hold code; scopes are told apart later.
        private var heldNames: Set<String> = []
        private var stack: [SourceFacts.ScopeID] = [0]
        /// Closures whose call has not been left yet: the argument is known when the closure is entered.
        private var argumentOf: [SyntaxIdentifier: SourceFacts.Argument] = [:]
        private var assignedName: [SyntaxIdentifier: String] = [:]
        private var called: Set<SyntaxIdentifier> = []
        private var awaitDepth = 0
        private var actorDepth: [Bool] = [false]

        init(length: Int) {
            scopes = [SourceFacts.Scope(kind: .file, range: 0..<max(1, length + 1), parent: -1, nameOffset: 0)]
            super.init(viewMode: .sourceAccurate)
        }

        // MARK: scopes

        private func offset(_ node: some SyntaxProtocol) -> Int { node.positionAfterSkippingLeadingTrivia.utf8Offset }
        private func end(_ node: some SyntaxProtocol) -> Int { node.endPositionBeforeTrailingTrivia.utf8Offset }

        @discardableResult
        private func enter(
            _ kind: SourceFacts.Scope.Kind, _ name: String, _ node: some SyntaxProtocol, nameOffset: Int,
            _ change: (inout SourceFacts.Scope) -> Void = { _ in }
        ) -> SyntaxVisitorContinueKind {
            var scope = SourceFacts.Scope(
                kind: kind, name: name, range: offset(node)..<max(offset(node), end(node)),
                parent: stack[stack.count - 1],
                nameOffset: nameOffset)
            scope.isInActor = actorDepth[actorDepth.count - 1] && kind != .type
            change(&scope)
            stack.append(scopes.count)
            scopes.append(scope)
            return .visitChildren
        }

        private func leave() { stack.removeLast() }

        private var isInCode: Bool {
            switch scopes[stack[stack.count - 1]].kind {
            case .file, .type: false
            default: true
            }
        }

        /// A member of a type that is declared inside code.
        private var isInLocalType: Bool {
            scopes[stack[stack.count - 1]].kind == .type
                && stack.contains { scopes[$0].kind != .type && scopes[$0].kind != .file }
        }

        private func enterType(
            _ name: TokenSyntax, _ node: some SyntaxProtocol, _ attributes: AttributeListSyntax, isActor: Bool = false
        ) -> SyntaxVisitorContinueKind {
            actorDepth.append(isActor)
            let names = Self.names(attributes)
            if names.contains("globalActor") { globalActors.append(name.text) }
            if names.contains("main") { hasMain = true }
            return enter(.type, name.text, node, nameOffset: offset(name)) { scope in
                scope.isActor = isActor
                scope.attributes = names
            }
        }
        private func leaveType() {
            actorDepth.removeLast()
            leave()
        }

        override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind {
            enterType(node.name, node, node.attributes)
        }
        override func visitPost(_ node: ClassDeclSyntax) { leaveType() }
        override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind {
            enterType(node.name, node, node.attributes)
        }
        override func visitPost(_ node: StructDeclSyntax) { leaveType() }
        override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind {
            enterType(node.name, node, node.attributes)
        }
        override func visitPost(_ node: EnumDeclSyntax) { leaveType() }
        override func visit(_ node: ActorDeclSyntax) -> SyntaxVisitorContinueKind {
            enterType(node.name, node, node.attributes, isActor: true)
        }
        override func visitPost(_ node: ActorDeclSyntax) { leaveType() }
        override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind {
            enterType(node.name, node, node.attributes)
        }
        override func visitPost(_ node: ProtocolDeclSyntax) { leaveType() }
        override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
            actorDepth.append(false)
            return enter(.type, node.extendedType.trimmedDescription, node, nameOffset: offset(node.extendedType)) {
                scope in
                scope.attributes = Self.names(node.attributes)
            }
        }
        override func visitPost(_ node: ExtensionDeclSyntax) { leaveType() }

        override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
            let labels = node.signature.parameterClause.parameters.map { $0.firstName.text + ":" }.joined()
            return enter(
                isInCode || isInLocalType ? .localFunction : .function, "\(node.name.text)(\(labels))", node,
                nameOffset: offset(node.name)
            ) { scope in
                scope.isAsync = node.signature.effectSpecifiers?.asyncSpecifier != nil
                scope.isThrowing = node.signature.effectSpecifiers?.throwsClause != nil
                Self.declareBlocking(&scope, node.attributes, Syntax(node))
                scope.parameters = Self.parameters(node.signature)
                scope.attributes = Self.names(node.attributes)
                if Self.isNonisolated(node.modifiers) {
                    scope.isInActor = false
                    scope.isNonisolated = true
                }
                if Self.hasIsolatedParameter(node.signature) { scope.isInActor = true }
            }
        }
        override func visitPost(_ node: FunctionDeclSyntax) { leave() }

        override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind {
            let labels = node.signature.parameterClause.parameters.map { $0.firstName.text + ":" }.joined()
            return enter(.initializer, "init(\(labels))", node, nameOffset: offset(node.initKeyword)) { scope in
                scope.isAsync = node.signature.effectSpecifiers?.asyncSpecifier != nil
                scope.isThrowing = node.signature.effectSpecifiers?.throwsClause != nil
                Self.declareBlocking(&scope, node.attributes, Syntax(node))
                scope.parameters = Self.parameters(node.signature)
            }
        }
        override func visitPost(_ node: InitializerDeclSyntax) { leave() }

        override func visit(_ node: DeinitializerDeclSyntax) -> SyntaxVisitorContinueKind {
            enter(.deinitializer, "deinit", node, nameOffset: offset(node.deinitKeyword))
        }
        override func visitPost(_ node: DeinitializerDeclSyntax) { leave() }

        override func visit(_ node: AccessorDeclSyntax) -> SyntaxVisitorContinueKind {
            let kind: SourceFacts.Scope.Kind =
                switch node.accessorSpecifier.tokenKind {
                case .keyword(.get), .keyword(._read), .keyword(.unsafeAddress): .getter
                case .keyword(.willSet), .keyword(.didSet): .observer
                default: .setter
                }
            return enter(kind, node.accessorSpecifier.text, node, nameOffset: offset(node.accessorSpecifier)) { scope in
                scope.isAsync = node.effectSpecifiers?.asyncSpecifier != nil
                markIsolation(&scope, Syntax(node))
            }
        }
        override func visitPost(_ node: AccessorDeclSyntax) { leave() }

        override func visit(_ node: PatternBindingSyntax) -> SyntaxVisitorContinueKind {
            let name = node.pattern.trimmedDescription
            let declaration = node.parent?.parent?.as(VariableDeclSyntax.self)
            for element in declaration?.attributes ?? [] {
                guard let attribute = element.as(AttributeSyntax.self) else { continue }
                wrapped.append(
                    .init(
                        attributeOffset: offset(attribute.attributeName), nameOffset: offset(node.pattern),
                        scope: stack[stack.count - 1]))
            }
            guard let value = node.initializer else { return .visitChildren }
            if let closure = value.value.as(ClosureExprSyntax.self) { assignedName[closure.id] = name }
            if isInCode {
                if let held = Self.heldOffset(value.value) {
                    localValues.append(.init(name: name, scope: stack[stack.count - 1], valueOffset: held))
                    heldNames.insert(name)
                }
                return .visitChildren
            }
            let modifiers = declaration?.modifiers
            let isGlobal = scopes[stack[stack.count - 1]].kind == .file
            return enter(.initialValue, name, node, nameOffset: offset(node.pattern)) { scope in
                scope.isLazy =
                    isGlobal
                    || modifiers?.contains {
                        [.keyword(.lazy), .keyword(.static), .keyword(.class)].contains($0.name.tokenKind)
                    } ?? false
            }
        }
        override func visitPost(_ node: PatternBindingSyntax) {
            if node.initializer != nil, scopes[stack[stack.count - 1]].kind == .initialValue { leave() }
        }

        override func visit(_ node: AccessorBlockSyntax) -> SyntaxVisitorContinueKind {
            guard case .getter = node.accessors else { return .visitChildren }
            let name = node.parent?.as(PatternBindingSyntax.self)?.pattern.trimmedDescription ?? "subscript"
            return enter(.getter, name, node, nameOffset: offset(node.leftBrace)) { scope in
                markIsolation(&scope, Syntax(node))
            }
        }
        override func visitPost(_ node: AccessorBlockSyntax) {
            if case .getter = node.accessors { leave() }
        }

        /// An accessor is where its property or subscript is.
        private func markIsolation(_ scope: inout SourceFacts.Scope, _ node: Syntax) {
            var current = node.parent
            while let next = current {
                if let variable = next.as(VariableDeclSyntax.self) {
                    scope.attributes = Self.names(variable.attributes)
                    scope.isNonisolated = Self.isNonisolated(variable.modifiers)
                    Self.declareBlocking(&scope, variable.attributes, Syntax(variable))
                    break
                }
                if let declared = next.as(SubscriptDeclSyntax.self) {
                    scope.attributes = Self.names(declared.attributes)
                    scope.isNonisolated = Self.isNonisolated(declared.modifiers)
                    Self.declareBlocking(&scope, declared.attributes, Syntax(declared))
                    break
                }
                current = next.parent
            }
            if scope.isNonisolated { scope.isInActor = false }
        }

        /// A default argument runs when a call leaves it out.
        override func visit(_ node: InitializerClauseSyntax) -> SyntaxVisitorContinueKind {
            guard let parameter = node.parent?.as(FunctionParameterSyntax.self) else { return .visitChildren }
            let name = parameter.secondName ?? parameter.firstName
            return enter(.defaultArgument, name.text, node, nameOffset: offset(name))
        }
        override func visitPost(_ node: InitializerClauseSyntax) {
            if node.parent?.is(FunctionParameterSyntax.self) ?? false { leave() }
        }

        override func visit(_ node: CodeBlockItemListSyntax) -> SyntaxVisitorContinueKind {
            // Local functions may be named before they are declared.
            if isInCode {
                for item in node {
                    if let function = item.item.as(FunctionDeclSyntax.self) { heldNames.insert(function.name.text) }
                }
            }
            return .visitChildren
        }

        override func visit(_ node: TypeAliasDeclSyntax) -> SyntaxVisitorContinueKind {
            if Self.isAsyncFunction(node.initializer.value) { asyncAliases.append(node.name.text) }
            return .visitChildren
        }

        override func visit(_ node: IfExprSyntax) -> SyntaxVisitorContinueKind {
            switch Self.availability(node.conditions) {
            case true?: if let other = node.elseBody { deadRanges.append(offset(other)..<end(other)) }
            case false?: deadRanges.append(offset(node.body)..<end(node.body))
            case nil: break
            }
            return .visitChildren
        }
        override func visit(_ node: GuardStmtSyntax) -> SyntaxVisitorContinueKind {
            if Self.availability(node.conditions) == true { deadRanges.append(offset(node.body)..<end(node.body)) }
            return .visitChildren
        }

        // MARK: closures and calls

        override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind {
            // What a closure awaits is its own affair.
            awaits.append(awaitDepth)
            awaitDepth = 0
            return enter(.closure, "", node, nameOffset: offset(node.leftBrace)) { scope in
                scope.isAsync =
                    node.signature?.effectSpecifiers?.asyncSpecifier != nil || Self.awaitsItself(node.statements)
                scope.isThrowing = node.signature?.effectSpecifiers?.throwsClause != nil
                scope.takenBy = argumentOf[node.id]
                scope.contextualType = Self.contextualType(of: node)
                if scope.takenBy == nil, let around = Self.argument(around: Syntax(node)) {
                    scope.takenBy = argumentOf[around]
                }
                scope.assignedTo = assignedName[node.id]
            }
        }
        override func visitPost(_ node: ClosureExprSyntax) {
            awaitDepth = awaits.removeLast()
            leave()
        }
        private var awaits: [Int] = []

        override func visit(_ node: AwaitExprSyntax) -> SyntaxVisitorContinueKind {
            awaitDepth += 1
            return .visitChildren
        }
        override func visitPost(_ node: AwaitExprSyntax) { awaitDepth -= 1 }

        override func visit(_ node: SequenceExprSyntax) -> SyntaxVisitorContinueKind {
            // `client.load = { … }` is a sequence of three before operators are folded.
            let elements = Array(node.elements)
            guard elements.count >= 3, elements[1].is(AssignmentExprSyntax.self) else { return .visitChildren }
            var target = elements[0]
            while let element = target.as(SubscriptCallExprSyntax.self) { target = element.calledExpression }
            let member = Self.lastName(target)
            if elements.count == 3, let closure = elements[2].as(ClosureExprSyntax.self) {
                assignedName[closure.id] = member?.text ?? elements[0].trimmedDescription
            } else if elements.count == 3, let member, let value = Self.lastName(elements[2]) {
                stores.append(
                    .init(
                        memberOffset: offset(member), name: value.text, valueOffset: offset(value),
                        scope: stack[stack.count - 1]))
            }
            return .visitChildren
        }

        override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
            guard let callee = Callee(node.calledExpression) else { return .visitChildren }
            let number = calls.count
            if let name = node.calledExpression.as(DeclReferenceExprSyntax.self) { called.insert(name.id) }
            var arguments: [SourceFacts.CallArgument] = []
            func note(_ value: ExprSyntax, _ label: String?, isTrailing: Bool) {
                let closure = value.as(ClosureExprSyntax.self)
                if let closure {
                    argumentOf[closure.id] = SourceFacts.Argument(
                        call: number, position: arguments.count, label: label, isTrailing: isTrailing)
                    if let label { assignedName[closure.id] = label }
                } else {
                    // Closures in a literal find their call here.
                    argumentOf[value.id] = SourceFacts.Argument(
                        call: number, position: arguments.count, label: label, isTrailing: false)
                    if let name = Self.lastName(value) { argumentAt[offset(name)] = argumentOf[value.id] }
                }
                arguments.append(
                    SourceFacts.CallArgument(
                        label: label, text: closure == nil ? Self.text(value) : "{…}", isClosure: closure != nil,
                        isTrailing: isTrailing))
            }
            for argument in node.arguments { note(argument.expression, argument.label?.text, isTrailing: false) }
            if let closure = node.trailingClosure { note(ExprSyntax(closure), nil, isTrailing: true) }
            for extra in node.additionalTrailingClosures {
                note(ExprSyntax(extra.closure), extra.label.text, isTrailing: true)
            }
            let labels = arguments.map { ($0.label ?? "_") + ":" }.joined()
            calls.append(
                SourceFacts.Call(
                    nameOffset: offset(callee.name), name: "\(callee.name.text)(\(labels))",
                    receiver: callee.base.map { Self.text($0) },
                    receiverOffset: callee.base.flatMap { Self.lastName($0) }.map { offset($0) }, arguments: arguments,
                    range: offset(node)..<end(node),
                    scope: stack[stack.count - 1], isAwaited: awaitDepth > 0))
            return .visitChildren
        }

        override func visit(_ node: DeclReferenceExprSyntax) -> SyntaxVisitorContinueKind {
            if heldNames.contains(node.baseName.text), !called.contains(node.id) {
                let place = offset(node.baseName)
                mentions.append(
                    .init(
                        name: node.baseName.text, offset: place, scope: stack[stack.count - 1],
                        takenBy: argumentAt[place]))
            }
            return .visitChildren
        }

        override func visit(_ node: ImportDeclSyntax) -> SyntaxVisitorContinueKind {
            if let first = node.path.first { imports.append(first.name.text) }
            return .skipChildren
        }
    }

    /// What stands before the parentheses of a call.
    private struct Callee {
        var name: TokenSyntax
        var base: ExprSyntax?

        init?(_ expression: ExprSyntax) {
            var expression = expression
            while true {
                if let generic = expression.as(GenericSpecializationExprSyntax.self) {
                    expression = generic.expression
                } else if let optional = expression.as(OptionalChainingExprSyntax.self) {
                    expression = optional.expression
                } else if let forced = expression.as(ForceUnwrapExprSyntax.self) {
                    expression = forced.expression
                } else {
                    break
                }
            }
            if let member = expression.as(MemberAccessExprSyntax.self) {
                name = member.declName.baseName
                base = member.base
            } else if let reference = expression.as(DeclReferenceExprSyntax.self) {
                name = reference.baseName
            } else {
                return nil
            }
        }
    }
#endif

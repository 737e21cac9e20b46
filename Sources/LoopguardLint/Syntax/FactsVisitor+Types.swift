#if Lint
    import SwiftSyntax

    // What the syntax says about types and about where code is put.
    extension FactsVisitor {
        /// Names of attributes as written, without arguments.
        static func names(_ attributes: AttributeListSyntax) -> [String] {
            attributes.compactMap { $0.as(AttributeSyntax.self)?.attributeName.trimmedDescription }
        }

        static func isFunction(_ type: TypeSyntax) -> Bool {
            if type.is(FunctionTypeSyntax.self) { return true }
            if let attributed = type.as(AttributedTypeSyntax.self) { return isFunction(attributed.baseType) }
            if let optional = type.as(OptionalTypeSyntax.self) { return isFunction(optional.wrappedType) }
            if let unwrapped = type.as(ImplicitlyUnwrappedOptionalTypeSyntax.self) {
                return isFunction(unwrapped.wrappedType)
            }
            if let tuple = type.as(TupleTypeSyntax.self), tuple.elements.count == 1, let only = tuple.elements.first {
                return isFunction(only.type)
            }
            return false
        }

        static func isAsyncFunction(_ type: TypeSyntax) -> Bool {
            type.tokens(viewMode: .sourceAccurate).contains { $0.tokenKind == .keyword(.async) }
        }

        static func hasIsolatedParameter(_ signature: FunctionSignatureSyntax) -> Bool {
            signature.parameterClause.parameters.contains { parameter in
                parameter.type.tokens(viewMode: .sourceAccurate).contains { $0.tokenKind == .keyword(.isolated) }
            }
        }

        /// The last name of `client.load`, `load`, `self.value.method`; nil for other expressions.
        static func lastName(_ expression: ExprSyntax) -> TokenSyntax? {
            if let member = expression.as(MemberAccessExprSyntax.self) { return member.declName.baseName }
            if let optional = expression.as(OptionalChainingExprSyntax.self) { return lastName(optional.expression) }
            if let forced = expression.as(ForceUnwrapExprSyntax.self) { return lastName(forced.expression) }
            return expression.as(DeclReferenceExprSyntax.self)?.baseName
        }

        /// Where the code begins that a variable is given: a closure or a name.
        static func heldOffset(_ value: ExprSyntax) -> Int? {
            if let closure = value.as(ClosureExprSyntax.self) {
                return closure.leftBrace.positionAfterSkippingLeadingTrivia.utf8Offset
            }
            return lastName(value)?.positionAfterSkippingLeadingTrivia.utf8Offset
        }

        /// True: the conditions hold on Linux; false: they never do; nil: it depends.
        static func availability(_ conditions: ConditionElementListSyntax) -> Bool? {
            guard conditions.count == 1, case .availability(let condition)? = conditions.first?.condition else {
                return nil
            }
            let words = condition.availabilityArguments.tokens(viewMode: .sourceAccurate).map(\.text)
            guard !words.contains("Linux") else { return nil }
            if condition.availabilityKeyword.tokenKind == .poundUnavailable { return false }
            return words.contains("*") ? true : nil
        }

        /// The argument in whose literal an expression stands: `register(["a": { … }])`.
        static func argument(around node: Syntax) -> SyntaxIdentifier? {
            var current = node
            while let parent = current.parent {
                if isTransparent(parent) {
                    current = parent
                } else if let labelled = parent.as(LabeledExprSyntax.self) {
                    guard let list = labelled.parent, let owner = list.parent else { return nil }
                    if owner.is(FunctionCallExprSyntax.self) { return current.as(ExprSyntax.self)?.id }
                    guard owner.is(TupleExprSyntax.self) else { return nil }
                    current = owner
                } else {
                    return nil
                }
            }
            return nil
        }

        private static func isTransparent(_ node: Syntax) -> Bool {
            node.is(ArrayElementSyntax.self) || node.is(ArrayElementListSyntax.self) || node.is(ArrayExprSyntax.self)
                || node.is(DictionaryElementSyntax.self) || node.is(DictionaryElementListSyntax.self)
                || node.is(DictionaryExprSyntax.self) || node.is(TernaryExprSyntax.self)
        }

        /// The written type that the place of an expression asks for.
        static func contextualType(of node: ClosureExprSyntax) -> String? {
            var current = Syntax(node)
            var element: Int?
            while let parent = current.parent {
                if isTransparent(parent) {
                    current = parent
                } else if let labelled = parent.as(LabeledExprSyntax.self) {
                    guard let list = labelled.parent?.as(LabeledExprListSyntax.self),
                        list.parent?.is(TupleExprSyntax.self) ?? false,
                        let tuple = list.parent
                    else { return nil }
                    if list.count > 1 {
                        element = list.firstIndex(of: labelled).map { list.distance(from: list.startIndex, to: $0) }
                    }
                    current = tuple
                } else if let list = parent.as(ExprListSyntax.self) {
                    // `[{ … }] as T`, before operators are folded.
                    let all = Array(list)
                    guard let place = all.firstIndex(where: { $0.id == current.id }), place + 2 < all.count,
                        all[place + 1].is(UnresolvedAsExprSyntax.self),
                        let cast = all[place + 2].as(TypeExprSyntax.self)
                    else { return nil }
                    return text(cast.type, element)
                } else if let value = parent.as(InitializerClauseSyntax.self) {
                    if let binding = value.parent?.as(PatternBindingSyntax.self) {
                        return binding.typeAnnotation.flatMap { text($0.type, element) }
                    }
                    return value.parent?.as(FunctionParameterSyntax.self).flatMap { text($0.type, element) }
                } else if parent.is(ReturnStmtSyntax.self) {
                    return resultType(around: parent).flatMap { text($0, element) }
                } else if let item = parent.as(CodeBlockItemSyntax.self) {
                    // The only expression of a body is its result.
                    guard let list = item.parent?.as(CodeBlockItemListSyntax.self), list.count == 1 else { return nil }
                    return resultType(around: parent).flatMap { text($0, element) }
                } else {
                    return nil
                }
            }
            return nil
        }

        private static func text(_ type: TypeSyntax, _ element: Int?) -> String? {
            if let element, let tuple = type.as(TupleTypeSyntax.self), tuple.elements.count > element {
                let part = tuple.elements[tuple.elements.index(tuple.elements.startIndex, offsetBy: element)]
                return part.type.trimmedDescription
            }
            return type.trimmedDescription
        }

        private static func resultType(around node: Syntax) -> TypeSyntax? {
            var current = node.parent
            while let next = current {
                if let function = next.as(FunctionDeclSyntax.self) { return function.signature.returnClause?.type }
                if let closure = next.as(ClosureExprSyntax.self) { return closure.signature?.returnClause?.type }
                if let binding = next.as(PatternBindingSyntax.self) { return binding.typeAnnotation?.type }
                if let element = next.as(SubscriptDeclSyntax.self) { return element.returnClause.type }
                if next.is(InitializerDeclSyntax.self) { return nil }
                current = next.parent
            }
            return nil
        }
    }
#endif

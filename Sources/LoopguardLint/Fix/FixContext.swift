#if Lint
    import SwiftSyntax

    /// What stands around a call: whether it may be awaited, and throw.
    enum FixContext {
        /// Refuses unless the innermost code around `node` is `async` and throws any error.
        static func requireAsyncThrowing(_ node: some SyntaxProtocol) throws(CannotFix) {
            var child = Syntax(node)
            var current = node.parent
            while let parent = current {
                if let function = parent.as(FunctionDeclSyntax.self) {
                    return try require(
                        function.signature.effectSpecifiers?.asyncSpecifier,
                        function.signature.effectSpecifiers?.throwsClause)
                }
                if let initializer = parent.as(InitializerDeclSyntax.self) {
                    return try require(
                        initializer.signature.effectSpecifiers?.asyncSpecifier,
                        initializer.signature.effectSpecifiers?.throwsClause)
                }
                if let accessor = parent.as(AccessorDeclSyntax.self) {
                    return try require(
                        accessor.effectSpecifiers?.asyncSpecifier, accessor.effectSpecifiers?.throwsClause)
                }
                if let closure = parent.as(ClosureExprSyntax.self) {
                    return try require(
                        closure.signature?.effectSpecifiers?.asyncSpecifier,
                        closure.signature?.effectSpecifiers?.throwsClause,
                        isClosure: true)
                }
                if parent.is(DeferStmtSyntax.self) { throw CannotFix("nothing can be awaited in `defer`") }
                if let block = parent.as(DoStmtSyntax.self), !block.catchClauses.isEmpty,
                    child.id == Syntax(block.body).id
                {
                    throw CannotFix(
                        "the `catch` around it would get the cancellation too: decide what it is to do then")
                }
                if let list = parent.as(CodeBlockItemListSyntax.self), holdsLock(list, before: child) {
                    throw CannotFix("a lock is held here, and must not be held across an `await`")
                }
                child = parent
                current = parent.parent
            }
            throw CannotFix("it is in code that is not `async`")
        }

        private static func require(
            _ isAsync: TokenSyntax?, _ throwing: ThrowsClauseSyntax?, isClosure: Bool = false
        ) throws(CannotFix) {
            guard isAsync != nil else {
                throw CannotFix(
                    isClosure
                        ? "it is in a closure that does not say `async`" : "it is in a function that is not `async`")
            }
            guard let throwing else { throw CannotFix("the code around it does not throw") }
            if let type = throwing.type?.trimmedDescription, type != "any Error", type != "Error" {
                throw CannotFix("the code around it throws \(type) only")
            }
        }

        /// Whether a statement before `child` locks without that a later one unlocks.
        private static func holdsLock(_ list: CodeBlockItemListSyntax, before child: Syntax) -> Bool {
            var depth = 0
            for item in list {
                if item.id == child.id { break }
                guard let call = item.item.as(FunctionCallExprSyntax.self) else { continue }
                let name =
                    call.calledExpression.as(MemberAccessExprSyntax.self)?.declName.baseName.text
                    ?? call.calledExpression.trimmedDescription
                if name.hasSuffix("unlock") { depth -= 1 } else if name.hasSuffix("lock") { depth += 1 }
            }
            return depth > 0
        }

        /// Refuses when the value of a statement is used.
        static func requireStatement(_ item: CodeBlockItemSyntax) throws(CannotFix) {
            guard let list = item.parent?.as(CodeBlockItemListSyntax.self) else { return }
            let body = list.parent
            if list.count == 1 {
                // The only statement is the result, where there is one.
                if let function = body?.parent?.as(FunctionDeclSyntax.self),
                    let type = function.signature.returnClause?.type.trimmedDescription, type != "Void", type != "()"
                {
                    throw CannotFix("its result is returned")
                }
                if let closure = body?.as(ClosureExprSyntax.self), closure.signature?.returnClause != nil {
                    throw CannotFix("its result is returned")
                }
            }
            // `let x = if a { sleep(1) } else { … }`
            var current = body
            while let parent = current {
                if parent.is(IfExprSyntax.self) || parent.is(SwitchExprSyntax.self) {
                    guard let outer = parent.parent, outer.is(ExpressionStmtSyntax.self) || outer.is(IfExprSyntax.self)
                    else {
                        throw CannotFix("it is part of an expression")
                    }
                }
                if parent.is(FunctionDeclSyntax.self) || parent.is(ClosureExprSyntax.self) { break }
                current = parent.parent
            }
        }

        static func hasComment(_ trivia: Trivia) -> Bool {
            trivia.pieces.contains {
                switch $0 {
                case .lineComment, .blockComment, .docLineComment, .docBlockComment: true
                default: false
                }
            }
        }

        static func start(_ node: some SyntaxProtocol) -> Int { node.positionAfterSkippingLeadingTrivia.utf8Offset }
        static func end(_ node: some SyntaxProtocol) -> Int { node.endPositionBeforeTrailingTrivia.utf8Offset }
    }
#endif

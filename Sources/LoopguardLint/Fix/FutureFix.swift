#if Lint
    import SwiftSyntax

    /// `try future.wait()` → `try await future.get()`.
    enum FutureFix {
        static func edits(_ call: FunctionCallExprSyntax) throws(CannotFix) -> [Fix.Edit] {
            guard let member = call.calledExpression.as(MemberAccessExprSyntax.self),
                member.declName.baseName.text == "wait", call.arguments.isEmpty, call.trailingClosure == nil
            else { throw CannotFix("it is not `future.wait()`") }
            let rename = Fix.Edit(
                range: FixContext.start(member.declName.baseName)..<FixContext.end(member.declName.baseName),
                text: "get")
            guard let attempt = try attempt(around: call) else {
                throw CannotFix("there is no `try` before it, or something takes its result as an argument")
            }
            if attempt.questionOrExclamationMark?.text == "!" {
                throw CannotFix("`try!` would trap on cancellation too: decide what is to happen then")
            }
            if attempt.questionOrExclamationMark != nil {
                throw CannotFix("`try?` hides errors, cancellation among them: decide what is to happen then")
            }
            try FixContext.requireAsyncThrowing(call)
            if attempt.expression.is(AwaitExprSyntax.self) { return [rename] }
            let start = FixContext.start(attempt.expression)
            return [Fix.Edit(range: start..<start, text: "await "), rename]
        }

        /// The `try` that covers the call, when an `await` right behind it would as well, and nothing in between evaluates the
        /// call later: arguments may be autoclosures, and so are the right sides of `??`, `&&` and `||`.
        private static func attempt(around call: FunctionCallExprSyntax) throws(CannotFix) -> TryExprSyntax? {
            var current = call.parent
            while let parent = current {
                if let attempt = parent.as(TryExprSyntax.self) { return attempt }
                if let sequence = parent.as(SequenceExprSyntax.self) {
                    let lazy = sequence.elements.contains {
                        ["??", "&&", "||"].contains($0.as(BinaryOperatorExprSyntax.self)?.operator.text ?? "")
                    }
                    if lazy { throw CannotFix("`??`, `&&` and `||` may not evaluate it, and cannot await") }
                    // Operators are not folded: a `try` covers what follows it.
                    let before = sequence.elements.prefix { $0.position < call.position }
                    if let attempt = before.last(where: { $0.is(TryExprSyntax.self) })?.as(TryExprSyntax.self) {
                        return attempt
                    }
                } else if !(parent.is(MemberAccessExprSyntax.self) || parent.is(ExprListSyntax.self)
                    || parent.is(FunctionCallExprSyntax.self) || parent.is(AwaitExprSyntax.self)
                    || parent.is(OptionalChainingExprSyntax.self) || parent.is(ForceUnwrapExprSyntax.self)
                    || parent.is(SubscriptCallExprSyntax.self) || parent.is(AsExprSyntax.self))
                {
                    return nil
                }
                current = parent.parent
            }
            return nil
        }
    }

    /// `try x(…)` → `try await context.offload { try x(…) }`: a proposal.
    enum OffloadFix {
        static func edits(_ call: FunctionCallExprSyntax) throws(CannotFix) -> [Fix.Edit] {
            try FixContext.requireAsyncThrowing(call)
            var whole = ExprSyntax(call)
            // The chain that the call is part of belongs to the work: `Data(contentsOf: a).count`.
            while let parent = whole.parent {
                if let member = parent.as(MemberAccessExprSyntax.self) {
                    whole = ExprSyntax(member)
                } else if let outer = parent.as(FunctionCallExprSyntax.self), outer.calledExpression.id == whole.id {
                    whole = ExprSyntax(outer)
                } else {
                    break
                }
            }
            let context = contextName(around: call)
            if let attempt = whole.parent?.as(TryExprSyntax.self) {
                if attempt.questionOrExclamationMark != nil {
                    return wrap(ExprSyntax(attempt), "(try? await \(context).offload { ", " }) ?? nil")
                }
                return wrap(ExprSyntax(attempt), "try await \(context).offload { ", " }")
            }
            if whole.parent?.is(AwaitExprSyntax.self) ?? false { throw CannotFix("it is awaited already") }
            return wrap(whole, "try await \(context).offload { ", " }")
        }

        private static func wrap(_ node: ExprSyntax, _ before: String, _ after: String) -> [Fix.Edit] {
            let start = FixContext.start(node)
            let end = FixContext.end(node)
            return [Fix.Edit(range: start..<start, text: before), Fix.Edit(range: end..<end, text: after)]
        }

        /// A parameter called `context`, or the one whose type says so.
        private static func contextName(around node: some SyntaxProtocol) -> String {
            var current = node.parent
            while let parent = current {
                if let function = parent.as(FunctionDeclSyntax.self) {
                    for parameter in function.signature.parameterClause.parameters {
                        let name = (parameter.secondName ?? parameter.firstName).text
                        if name == "context" || parameter.type.trimmedDescription.hasSuffix("Context") { return name }
                    }
                }
                current = parent.parent
            }
            return "context"
        }
    }
#endif

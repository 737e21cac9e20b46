#if Lint
    import SwiftSyntax

    /// `sleep(n)`, `usleep(n)`, `Thread.sleep(forTimeInterval: n)` → `try await Task.sleep(for: …)`.
    enum SleepFix {
        static func edits(_ call: FunctionCallExprSyntax, _ tree: SourceFileSyntax) throws(CannotFix) -> [Fix.Edit] {
            let unit = try unit(of: call)
            guard let argument = call.arguments.first else { throw CannotFix("it has no argument") }
            try requireUnused(call)
            try FixContext.requireAsyncThrowing(call)
            guard !declaresTask(tree) else { throw CannotFix("the file has a type `Task` of its own") }
            let start = FixContext.start(call)
            let value = FixContext.start(argument.expression)
            let valueEnd = FixContext.end(argument.expression)
            guard let last = call.rightParen, call.trailingClosure == nil else {
                throw CannotFix("it is not an ordinary call")
            }
            // Only the argument is kept: what is said elsewhere in the call would be lost.
            for token in call.tokens(viewMode: .sourceAccurate) {
                let offset = FixContext.start(token)
                guard offset < value || offset >= valueEnd else { continue }
                if FixContext.hasComment(token.leadingTrivia), offset != start {
                    throw CannotFix("there is a comment in the call")
                }
                if FixContext.hasComment(token.trailingTrivia), token.id != last.id {
                    throw CannotFix("there is a comment in the call")
                }
            }
            return [
                Fix.Edit(range: start..<value, text: "try await Task.sleep(for: .\(unit)("),
                Fix.Edit(range: valueEnd..<FixContext.end(call), text: "))"),
            ]
        }

        private static func unit(of call: FunctionCallExprSyntax) throws(CannotFix) -> String {
            let text = call.calledExpression.tokens(viewMode: .sourceAccurate).map(\.text).joined()
            let label = call.arguments.first?.label?.text
            guard call.arguments.count == 1 else {
                throw CannotFix("\(text) has no counterpart with the same arguments")
            }
            switch (text.split(separator: ".").suffix(2).joined(separator: "."), label) {
            case ("sleep", nil), ("Glibc.sleep", nil), ("Foundation.sleep", nil), ("Musl.sleep", nil),
                ("Darwin.sleep", nil):
                return "seconds"
            case ("usleep", nil), ("Glibc.usleep", nil), ("Foundation.usleep", nil), ("Musl.usleep", nil),
                ("Darwin.usleep", nil):
                return "microseconds"
            case ("Thread.sleep", "forTimeInterval"): return "seconds"
            default: throw CannotFix("`\(text)` has no counterpart that takes the same argument")
            }
        }

        private static func requireUnused(_ call: FunctionCallExprSyntax) throws(CannotFix) {
            guard let parent = call.parent else { throw CannotFix("it is no statement") }
            if let item = parent.as(CodeBlockItemSyntax.self) { return try FixContext.requireStatement(item) }
            // `_ = sleep(1)`
            if let list = parent.as(ExprListSyntax.self), let sequence = list.parent?.as(SequenceExprSyntax.self),
                list.count == 3, sequence.elements.first?.is(DiscardAssignmentExprSyntax.self) == true,
                Array(list)[1].is(AssignmentExprSyntax.self), let item = sequence.parent?.as(CodeBlockItemSyntax.self)
            {
                return try FixContext.requireStatement(item)
            }
            throw CannotFix("its result is used: `Task.sleep` has none")
        }

        private static func declaresTask(_ tree: SourceFileSyntax) -> Bool {
            tree.tokens(viewMode: .sourceAccurate).contains { token in
                token.text == "Task"
                    && token.previousToken(viewMode: .sourceAccurate).map {
                        [.keyword(.struct), .keyword(.class), .keyword(.enum), .keyword(.actor), .keyword(.typealias)]
                            .contains($0.tokenKind)
                    } ?? false
            }
        }
    }
#endif

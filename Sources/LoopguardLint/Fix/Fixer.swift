#if Lint
    import SwiftParser
    import SwiftSyntax

    /// Finds out what can be done about findings. Pure: text and findings in, edits out.
    public enum Fixer {
        /// - Parameters:
        ///   - findings: of any file; those of other paths are left out.
        ///   - path: of the file, as the findings have it.
        ///   - bytes: of the file, as it was when the findings were made.
        ///   - trustsSyntax: change also what was found without the index, where a name may mean something else. Default false.
        public static func plan(
            _ findings: [Finding], path: String, bytes: [UInt8], trustsSyntax: Bool = false
        ) -> FixPlan {
            let own = findings.filter { $0.place.path == path && Self.rules.contains($0.rule) }
            var plan = FixPlan()
            guard !own.isEmpty else { return plan }
            let lines = LineTable(bytes)
            let tree = bytes.withUnsafeBufferPointer { Parser.parse(source: $0) }
            for finding in own {
                guard finding.evidence == .index || trustsSyntax else {
                    plan.refuse(finding, "it was found by syntax alone: build first, so that its meaning is certain")
                    continue
                }
                guard let offset = lines.offset(line: finding.place.line, column: finding.place.column),
                    let token = tree.token(at: AbsolutePosition(utf8Offset: offset)),
                    token.positionAfterSkippingLeadingTrivia.utf8Offset == offset, let call = call(named: token)
                else {
                    plan.refuse(finding, "there is no call at this place; was the file changed?")
                    continue
                }
                do throws(CannotFix) {
                    plan.fixes.append(try fix(finding, call, tree))
                } catch { plan.refuse(finding, error.reason) }
            }
            return plan
        }

        /// Rules whose findings have fixes.
        static let rules: Set<String> = [
            "blocking-sleep", "blocking-future-wait", "blocking-file", "blocking-file-manager", "blocking-file-handle",
            "blocking-file-call", "blocking-file-descriptor", "blocking-database", "expensive-key-derivation",
            "expensive-key-generation",
        ]

        private static func fix(
            _ finding: Finding, _ call: FunctionCallExprSyntax, _ tree: SourceFileSyntax
        ) throws(CannotFix) -> Fix {
            let (kind, title, edits): (Fix.Kind, String, [Fix.Edit]) =
                switch finding.rule {
                case "blocking-sleep": (.safe, "sleep with `Task.sleep`", try SleepFix.edits(call, tree))
                case "blocking-future-wait": (.safe, "await with `get()`", try FutureFix.edits(call))
                default: (.preview, "offload it", try OffloadFix.edits(call))
                }
            return Fix(kind: kind, title: title, rule: finding.rule, place: finding.place, edits: edits)
        }

        /// The call whose callee a name is.
        private static func call(named token: TokenSyntax) -> FunctionCallExprSyntax? {
            var node = token.parent
            while let current = node {
                if let call = current.as(FunctionCallExprSyntax.self) {
                    let callee = call.calledExpression
                    let name =
                        callee.as(MemberAccessExprSyntax.self)?.declName.baseName
                        ?? callee.as(DeclReferenceExprSyntax.self)?.baseName
                    return name?.id == token.id ? call : nil
                }
                guard current.is(MemberAccessExprSyntax.self) || current.is(DeclReferenceExprSyntax.self) else {
                    return nil
                }
                node = current.parent
            }
            return nil
        }
    }

    extension FixPlan {
        fileprivate mutating func refuse(_ finding: Finding, _ reason: String) {
            refusals.append(.init(rule: finding.rule, place: finding.place, reason: reason))
        }
    }

    /// Why a finding is left to people.
    struct CannotFix: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }
#endif

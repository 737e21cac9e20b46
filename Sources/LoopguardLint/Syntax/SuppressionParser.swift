#if Lint
    import SwiftSyntax

    /// Reads `// loopguard:allow(rule, rule) reason: … until: YYYY-MM-DD`.
    ///
    /// The comment silences the line it stands on, or, when nothing else stands on that line, the next line with code.
    enum SuppressionParser {
        static let marker = "loopguard:allow"

        static func suppressions(in tree: SourceFileSyntax, lines: LineTable) -> [SourceFacts.Suppression] {
            var found: [SourceFacts.Suppression] = []
            for token in tree.tokens(viewMode: .sourceAccurate) {
                var offset = token.position.utf8Offset
                let tokenLine = lines.position(of: token.positionAfterSkippingLeadingTrivia.utf8Offset).line
                for piece in token.leadingTrivia.pieces {
                    if case .lineComment(let text) = piece, text.contains(marker) {
                        let line = lines.position(of: offset).line
                        found.append(parse(text, line: line, covers: line...max(line, tokenLine)))
                    }
                    offset += piece.sourceLength.utf8Length
                }
                offset = token.endPositionBeforeTrailingTrivia.utf8Offset
                for piece in token.trailingTrivia.pieces {
                    if case .lineComment(let text) = piece, text.contains(marker) {
                        let line = lines.position(of: offset).line
                        found.append(parse(text, line: line, covers: line...line))
                    }
                    offset += piece.sourceLength.utf8Length
                }
            }
            return found
        }

        static func parse(_ comment: String, line: Int, covers: ClosedRange<Int>) -> SourceFacts.Suppression {
            var suppression = SourceFacts.Suppression(
                rules: [], reason: "", until: nil, line: line, covers: covers, problem: nil)
            guard let match = comment.firstMatch(of: /loopguard:allow\(([^)]*)\)\s*(.*)$/) else {
                suppression.problem = "write it as: loopguard:allow(RULE) reason: WHY"
                return suppression
            }
            suppression.rules = match.1.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
            var rest = match.2.trimmed
            if let end = rest.firstMatch(of: /\s*until:\s*(\S*)\s*$/) {
                suppression.until = String(end.1)
                rest.removeSubrange(end.range)
            }
            if rest.hasPrefix("reason:") { suppression.reason = rest.dropFirst("reason:".count).trimmed }
            if suppression.rules.isEmpty {
                suppression.problem = "name the rule: loopguard:allow(RULE) reason: WHY"
            } else if suppression.reason.isEmpty {
                suppression.problem =
                    "give a reason: loopguard:allow(\(suppression.rules.joined(separator: ", "))) reason: WHY"
            } else if let until = suppression.until, !isDate(until) {
                suppression.problem = "until: \(until) is not a date; write it as 2027-01-31"
            }
            return suppression
        }

        static func isDate(_ text: String) -> Bool {
            guard let match = text.wholeMatch(of: /(\d{4})-(\d{2})-(\d{2})/), let month = Int(match.2),
                let day = Int(match.3)
            else { return false }
            return (1...12).contains(month) && (1...31).contains(day)
        }
    }
#endif

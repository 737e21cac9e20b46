/// Judges the files that the index does not know as they are: by their syntax, each for itself.
struct Fallback {
    let catalogue: Catalogue

    /// - Parameters:
    ///   - stale: files of the index whose text is newer, by number.
    ///   - others: files that the index does not have.
    func judgeBySyntax(
        _ stale: [Int], _ others: [SourceFacts], _ index: inout ProgramIndex, _ facts: inout [SourceFacts?],
        _ result: inout Linter.Result
    ) {
        let indexer = SyntaxIndexer(catalogue: catalogue)
        for number in stale {
            guard let known = facts[number] else { continue }
            facts[number] = indexer.add(known, to: &index, replacing: ProgramIndex.FileID(clamping: number))
            result.filesBySyntax.append(known.path)
        }
        for parsed in others {
            facts.append(indexer.add(parsed, to: &index, replacing: nil))
            result.filesBySyntax.append(parsed.path)
        }
        result.filesBySyntax.sort()
    }

    /// A finding whose path touches such a file rests on syntax.
    func mark(_ findings: inout [Finding], by paths: Set<String>) {
        guard !paths.isEmpty else { return }
        for number in findings.indices
        where paths.contains(findings[number].place.path)
            || findings[number].path.contains(where: { paths.contains($0.place.path) })
        {
            findings[number].evidence = .syntax
            findings[number].message += " (by syntax)"
        }
    }
}

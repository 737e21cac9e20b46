import Foundation

/// Judges the files that the index does not know as they are: by their syntax, each for itself.
struct Fallback {
    let catalogue: Catalogue

    /// - Parameters:
    ///   - stale: files of the index whose text is newer, by number.
    ///   - others: paths that the index does not have.
    func judgeBySyntax(
        _ stale: [Int], _ others: [String], _ index: inout ProgramIndex, _ facts: inout [SourceFacts?],
        _ result: inout Linter.Result
    ) {
        let indexer = SyntaxIndexer(catalogue: catalogue)
        for number in stale {
            guard let known = facts[number] else { continue }
            facts[number] = indexer.add(known, to: &index, replacing: ProgramIndex.FileID(clamping: number))
            result.filesBySyntax.append(known.path)
        }
        for (path, parsed) in zip(others, Self.parse(others)) {
            guard let parsed else {
                result.blindSpots.append("\(path): cannot be read")
                continue
            }
            // A file that is half understood still has findings; what the parser says of it is said.
            result.blindSpots += parsed.problems.map { "\(path):\($0)" }
            facts.append(indexer.add(parsed, to: &index, replacing: nil))
            result.filesBySyntax.append(path)
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

    private static func parse(_ paths: [String]) -> [SourceFacts?] {
        let results = Results(count: paths.count)
        DispatchQueue.concurrentPerform(iterations: paths.count) { number in
            guard let bytes = FileManager.default.contents(atPath: paths[number]) else { return }
            results.set(number, SourceFacts(path: paths[number], bytes: [UInt8](bytes), withStructure: true))
        }
        return results.all
    }

    private final class Results: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var facts: [SourceFacts?]

        init(count: Int) { facts = Array(repeating: nil, count: count) }
        func set(_ number: Int, _ value: SourceFacts) { lock.withLock { facts[number] = value } }
        var all: [SourceFacts?] { lock.withLock { facts } }
    }
}

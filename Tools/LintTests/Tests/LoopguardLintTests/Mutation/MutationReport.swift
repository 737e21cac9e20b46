import Foundation

@testable import LoopguardLint

/// How well three ways of looking find planted calls.
struct MutationReport: Codable {
    /// What one way found.
    struct Tool: Codable {
        var name: String
        var found = 0
        var missed = 0
        /// Lines that are named though no event loop is harmed there.
        var falseFindings = 0
        var recall: Double { found + missed == 0 ? 1 : Double(found) / Double(found + missed) }
        var precision: Double { found + falseFindings == 0 ? 1 : Double(found) / Double(found + falseFindings) }

        enum CodingKeys: String, CodingKey { case name, found, missed, falseFindings }
        init(name: String) { self.name = name }
    }

    /// Planted calls of one kind, and how many of them each way found.
    struct Group: Codable {
        var planted = 0
        var linter = 0
        var compiler = 0
        var names = 0
    }

    var seeds: [UInt64] = []
    var plantedOnLoops = 0
    var plantedElsewhere = 0
    var tools = [Tool(name: "loopguard-lint"), Tool(name: "swiftc noasync"), Tool(name: "name search")]
    var byFeature: [String: Group] = [:]
    var byShape: [String: Group] = [:]
    var byCall: [String: Group] = [:]
    /// Planted calls that the linter missed, and its false findings.
    var mistakes: [String] = []

    mutating func add(
        _ program: MutatedProgram, seed: UInt64, linter: Set<String>, compiler: Set<String>, names: Set<String>
    ) {
        seeds.append(seed)
        let guilty = Dictionary(
            program.mutations.filter(\.isOnLoop).map { ("\($0.file):\($0.line)", $0) }, uniquingKeysWith: { a, _ in a })
        plantedOnLoops += guilty.count
        plantedElsewhere += program.mutations.count - guilty.count
        for (index, lines) in [linter, compiler, names].enumerated() {
            tools[index].found += guilty.keys.count { lines.contains($0) }
            tools[index].missed += guilty.keys.count { !lines.contains($0) }
            tools[index].falseFindings += lines.count { guilty[$0] == nil }
        }
        for (line, mutation) in guilty {
            func note(_ group: inout Group) {
                group.planted += 1
                group.linter += linter.contains(line) ? 1 : 0
                group.compiler += compiler.contains(line) ? 1 : 0
                group.names += names.contains(line) ? 1 : 0
            }
            note(&byFeature[mutation.feature, default: Group()])
            note(&byShape[mutation.shape, default: Group()])
            note(&byCall[mutation.call, default: Group()])
            if !linter.contains(line) {
                mistakes.append(
                    "missed, seed \(seed): \(mutation.feature), \(mutation.shape), \(mutation.call) at \(line)")
            }
        }
        for line in linter where guilty[line] == nil { mistakes.append("false, seed \(seed): \(line)") }
        mistakes.sort()
    }

    var table: String {
        func percent(_ value: Double) -> String {
            let tenths = Int((value * 1000).rounded())
            return "\(tenths / 10).\(tenths % 10) %"
        }
        var text =
            "seeds \(seeds.map(String.init).joined(separator: " ")): \(plantedOnLoops) calls planted where an event loop "
        text += "reaches them, \(plantedElsewhere) where none does\n\n"
        text += "| | Recall | Precision | Found | Missed | False |\n|---|---|---|---|---|---|\n"
        for tool in tools {
            text +=
                "| \(tool.name) | \(percent(tool.recall)) | \(percent(tool.precision)) | \(tool.found) | \(tool.missed) | "
            text += "\(tool.falseFindings) |\n"
        }
        for (title, groups) in [("Shape", byShape), ("Place", byFeature)] {
            text += "\n| \(title) | Planted | loopguard-lint | swiftc noasync | name search |\n|---|---|---|---|---|\n"
            for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
                text += "| \(name) | \(group.planted) | \(group.linter) | \(group.compiler) | \(group.names) |\n"
            }
        }
        return text
    }
}

/// The two ways to look that everybody has.
enum Others {
    /// Lines that the compiler warns about, from its output.
    static func noasyncLines(_ diagnostics: String) -> Set<String> {
        var lines: Set<String> = []
        for line in diagnostics.split(separator: "\n") where line.contains("is unavailable from asynchronous contexts")
        {
            let parts = line.split(separator: ":")
            guard parts.count > 2, Int(parts[1]) != nil, let file = parts[0].split(separator: "/").last else {
                continue
            }
            lines.insert("\(file):\(parts[1])")
        }
        return lines
    }

    /// Lines that name a function of the catalogue, declarations left out: what `grep` gives to who knows the whole catalogue.
    static func nameLines(_ texts: [String: String], _ catalogue: Catalogue) -> Set<String> {
        var words: Set<String> = []
        for sink in catalogue.sinks where [.waits, .file, .cpu].contains(sink.tier) {
            for function in sink.functions {
                let plain = function.split(separator: ":", omittingEmptySubsequences: true)
                let path = function.hasPrefix("c:") ? plain[1] : function.prefix { $0 != "(" }
                let names = path.split(separator: ".")
                guard let last = names.last else { continue }
                words.insert(String(last == "init" ? names.dropLast().last ?? last : last))
            }
        }
        var lines: Set<String> = []
        for (file, text) in texts {
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { continue }
                let bare = line.replacing("func ", with: "func_")
                let found = bare.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                if found.contains(where: { words.contains(String($0)) }) { lines.insert("\(file):\(number + 1)") }
            }
        }
        return lines
    }
}

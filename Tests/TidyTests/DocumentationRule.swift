/// What a user of a module can call is explained where it is declared.
struct DocumentationRule {
    /// Functions of protocols, which are explained there and not again by everyone who implements them.
    private let witnesses: Set<String>

    private static let wellKnownWitnesses: Set<String> = [
        "hash", "encode", "next", "makeIterator", "makeAsyncIterator", "enqueue", "asUnownedTaskExecutor", "run",
        "validate",
        "handlerAdded", "handlerRemoved", "channelRegistered", "channelUnregistered", "channelActive",
        "channelInactive",
        "channelRead", "channelReadComplete", "channelWritabilityChanged", "userInboundEventTriggered", "errorCaught",
        "register", "bind", "connect", "write", "flush", "read", "close", "triggerUserOutboundEvent",
        "==", "<", "~=", "callAsFunction", "get", "provide", "verify", "main",
    ]

    init(protocolsIn files: [SourceFile] = []) {
        witnesses = files.reduce(into: Self.wellKnownWitnesses) { $0.formUnion(Self.requirements(in: $1)) }
    }

    func check(_ file: SourceFile) -> [Finding] {
        file.code.enumerated().compactMap { index, line in
            guard let declaration = Self.publicDeclaration(line), !isExempt(declaration, in: file, at: index),
                !Self.isDocumented(index, in: file)
            else { return nil }
            return Finding(
                path: file.path, line: index + 1,
                message:
                    "public \(declaration.kind) \(declaration.name) has no `///` comment; say what it is, its unit, default, "
                    + "thread and errors")
        }
    }

    private struct Declaration {
        var kind: String
        var name: String
    }

    private static func publicDeclaration(_ line: String) -> Declaration? {
        guard line.contains("public ") || line.contains("open ") else { return nil }
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public|open)\s+(?:(?:final|static|class|mutating|nonmutating|nonisolated|convenience|required|override|prefix|postfix|indirect|consuming|borrowing|isolated|distributed)\s+)*(struct|class|enum|actor|protocol|func|init|typealias|subscript|macro)\b[?!]?\s*([^\s(<:{]*)/
        return line.firstMatch(of: pattern).map { Declaration(kind: String($0.1), name: String($0.2)) }
    }

    private func isExempt(_ declaration: Declaration, in file: SourceFile, at index: Int) -> Bool {
        switch declaration.kind {
        case "func": witnesses.contains(declaration.name) || file.code[index].contains("override ")
        case "init":
            file.code[index].contains(/init\??\((?:\)|rawValue|from |_ )/) || Self.isMemberwise(index, in: file)
        case "typealias":
            ["RawValue", "Element", "AsyncIterator", "Failure", "InboundIn", "InboundOut", "OutboundIn", "OutboundOut"]
                .contains(declaration.name)
        // Named by AsyncSequence.
        case "struct": declaration.name == "AsyncIterator" || declaration.name == "Iterator"
        default: false
        }
    }

    /// An initialiser that only stores what it is given: the properties' comments say everything.
    private static func isMemberwise(_ index: Int, in file: SourceFile) -> Bool {
        var body = ""
        for line in file.code[index...].prefix(80) {
            body += line + "\n"
            let opened = body.count { $0 == "{" }
            if opened > 0, opened == body.count(where: { $0 == "}" }) { break }
        }
        guard let open = body.lastIndex(of: "{"), let close = body.lastIndex(of: "}"), open < close else {
            return false
        }
        let statements = body[body.index(after: open)..<close].split(whereSeparator: { $0 == "\n" || $0 == ";" })
        return statements.allSatisfy { $0.allSatisfy(\.isWhitespace) || $0.contains(/^\s*self\.\w+ = [\w.]+\s*$/) }
    }

    private static func isDocumented(_ index: Int, in file: SourceFile) -> Bool {
        var above = index - 1
        while above >= 0 {
            let line = file.lines[above].drop(while: \.isWhitespace)
            if line.hasPrefix("///") || line.hasSuffix("*/") { return true }
            // Attributes and compiler conditions may stand between the comment and the declaration, plain comments too.
            guard line.hasPrefix("@") || line.hasPrefix("#") || line.hasPrefix("//") else { return false }
            above -= 1
        }
        return false
    }

    private static func requirements(in file: SourceFile) -> Set<String> {
        var names: Set<String> = []
        var depth = 0
        for line in file.code {
            if depth == 0 {
                guard line.contains("protocol "), line.contains(/^\s*(?:@\w+\s+)*(?:public|package)\s+protocol\b/)
                else { continue }
            } else if let match = line.firstMatch(of: /\bfunc\s+([^\s(<]+)/) {
                names.insert(String(match.1))
            }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
        }
        return names
    }
}

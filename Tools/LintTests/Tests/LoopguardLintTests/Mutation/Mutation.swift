/// A blocking call that was planted.
struct Mutation: Sendable {
    /// What the place is.
    var feature: String
    /// False where blocking harms no event loop: a finding is false then.
    var isOnLoop: Bool
    var call: String
    /// How the call is wrapped.
    var shape: String
    var file = ""
    var line = 0
}

/// The template with calls planted at random places.
struct MutatedProgram {
    var fixture: Fixture
    var mutations: [Mutation]
    /// Own files by name, for who searches them for names.
    var texts: [String: String] = [:]

    /// - Parameters:
    ///   - seed: the same gives the same program.
    ///   - density: the share of places that get a call.
    init(seed: UInt64, density: Double = 0.7) {
        var random = SplitMix(state: seed)
        var planted: [Mutation] = []
        var lines: [[String]] = []
        var helpers: [String: [String]] = [:]
        for module in MutationTemplate.modules {
            var text: [String] = []
            for line in module.source.split(separator: "\n", omittingEmptySubsequences: false) {
                let words = line.drop { $0 == " " }
                guard words.hasPrefix("//@ ") || words.hasPrefix("//! "), random.unit() < density else {
                    text.append(String(line))
                    continue
                }
                let call = Self.calls[random.below(Self.calls.count)]
                let shape = random.below(4) == 0 ? .direct : Shape.allCases[random.below(Shape.allCases.count)]
                let number = planted.count
                // A helper of another module can only be one that this module imports.
                let away = module.name == "Core" ? "Core" : random.below(2) == 0 ? "Core" : module.name
                let code = shape.code(call, number, mark: "// m\(number)")
                text.append(line.prefix(while: { $0 == " " }) + code.statement)
                if let helper = code.helper {
                    helpers[shape == .helper ? away : module.name, default: []].append(helper)
                }
                planted.append(
                    Mutation(
                        feature: String(words.dropFirst(4)), isOnLoop: words.hasPrefix("//@"), call: call,
                        shape: shape.rawValue))
            }
            lines.append(text)
        }
        var modules: [(name: String, files: [String: String])] = []
        for (index, module) in MutationTemplate.modules.enumerated() {
            let all = lines[index] + (helpers[module.name] ?? [])
            for (number, line) in all.enumerated() {
                guard let mark = line.firstRange(of: "// m"), let id = Int(line[mark.upperBound...]) else { continue }
                planted[id].file = "\(module.name).swift"
                planted[id].line = number + 1
            }
            modules.append((name: module.name, files: ["\(module.name).swift": all.joined(separator: "\n")]))
            if module.isOwn { texts["\(module.name).swift"] = all.joined(separator: "\n") }
        }
        fixture = Fixture(modules: modules)
        mutations = planted
    }

    /// Statements that compile in synchronous and asynchronous code, with and without `try`.
    static let calls = [
        "usleep(10)", "_ = sleep(1)", "Thread.sleep(forTimeInterval: 0.1)", "Thread.sleep(until: Date())",
        "DispatchSemaphore(value: 1).wait()", "DispatchGroup().wait()", "NSCondition().wait()",
        "DispatchQueue(label: \"q\").sync {}", "_ = try? Data(contentsOf: URL(fileURLWithPath: \"/a\"))",
        "_ = try? String(contentsOfFile: \"/a\", encoding: .utf8)", "_ = FileManager.default.contents(atPath: \"/a\")",
        "try? FileManager.default.removeItem(atPath: \"/a\")", "try? Data().write(to: URL(fileURLWithPath: \"/a\"))",
        "_ = FileManager.default.createFile(atPath: \"/a\", contents: nil)", "_ = fopen(\"/a\", \"r\")",
        "_ = open(\"/a\", O_RDONLY)", "_ = poll(nil, 0, 10)", "_ = gethostbyname(\"a\")", "_ = readLine()",
        "_ = ProcessInfo.processInfo.hostName", "_ = flock(0, LOCK_EX)", "_ = fsync(1)",
        "_ = FileHandle.standardInput.readDataToEndOfFile()", "Process().waitUntilExit()",
        "OperationQueue().waitUntilAllOperationsAreFinished()", "_ = mkdir(\"/a\", 0)", "_ = waitpid(1, nil, 0)",
        "RunLoop.current.run(until: Date())",
    ]

    enum Shape: String, CaseIterable {
        case direct, block, closure, available, deferred, interpolation, forEach, ternary
        case localFunction = "local function"
        case localClosure = "local closure"
        case helper
        case chain = "chain of helpers"
        case getter, initialiser
        case defaultArgument = "default argument"
        case witness
        case property = "closure property"
        case unapplied

        /// One line at the place and, for some, one at the end of a file; one of them ends in `mark`.
        func code(_ call: String, _ n: Int, mark: String) -> (statement: String, helper: String?) {
            switch self {
            case .direct: ("\(call)  \(mark)", nil)
            case .block: ("do { \(call) }  \(mark)", nil)
            case .closure: ("_ = { \(call); return 1 }()  \(mark)", nil)
            case .available: ("if #available(macOS 10, *) { \(call) }  \(mark)", nil)
            case .deferred: ("do { defer { \(call) } }  \(mark)", nil)
            case .interpolation: ("_ = \"n \\({ \(call); return \(n) }())\"  \(mark)", nil)
            case .forEach: ("[1].forEach { _ in \(call) }  \(mark)", nil)
            case .ternary: ("_ = 1 > 2 ? 3 : { \(call); return 4 }()  \(mark)", nil)
            case .localFunction: ("func local\(n)() { \(call) }; local\(n)()  \(mark)", nil)
            case .localClosure: ("let local\(n) = { () -> Void in \(call) }; local\(n)()  \(mark)", nil)
            case .helper: ("helper\(n)()", "public func helper\(n)() { \(call) }  \(mark)")
            case .chain:
                (
                    "first\(n)()",
                    "func first\(n)() { second\(n)() }; func second\(n)() { third\(n)() }; func third\(n)() { \(call) }  \(mark)"
                )
            case .getter:
                ("_ = Getter\(n)().value", "struct Getter\(n) { var value: Int { \(call); return 1 } }  \(mark)")
            case .initialiser: ("_ = Initial\(n)()", "struct Initial\(n) { init() { \(call) } }  \(mark)")
            case .defaultArgument:
                ("default\(n)()", "func default\(n)(_ value: Int = { \(call); return 1 }()) {}  \(mark)")
            case .witness:
                (
                    "use\(n)(Witness\(n)())",
                    "protocol P\(n) { func go() }; struct Witness\(n): P\(n) { func go() { \(call) } }; "
                        + "func use\(n)(_ value: any P\(n)) { value.go() }  \(mark)"
                )
            case .property:
                (
                    "Holder\(n)(run: { \(call) }, rest: {}).run()  \(mark)",
                    "struct Holder\(n) { var run: () -> Void; var rest: () -> Void }"
                )
            case .unapplied: ("let held\(n) = named\(n); held\(n)()", "func named\(n)() { \(call) }  \(mark)")
            }
        }
    }
}

/// A small generator whose numbers are the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

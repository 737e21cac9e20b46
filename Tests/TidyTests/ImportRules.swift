/// What each module may import: DESIGN, "Tree". Dependencies point downwards only.
struct ImportRules {
    /// Modules by name; a folder in Sources without an entry is a finding.
    var allowed: [String: Set<String>]
    /// What single files may import in addition, because one place must do it.
    var exceptions: [String: Set<String>]

    private static let system: Set<String> = ["Glibc", "Musl", "Darwin", "Synchronization"]
    private static let nio: Set<String> = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "Logging"]
    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]

    static let repository = ImportRules(
        allowed: [
            // Pure: decides, counts, groups, renders.
            "LoopguardCore": [],
            "LoopguardBus": ["DequeModule", "Synchronization"],
            // Threads and stacks; knows no event loop.
            "LoopguardCapture": system.union(["LoopguardCore", "CLoopguard", "CUnwind", "CDwarf"]),
            "Loopguard": nio.union(system).union(foundation).union([
                "LoopguardCore", "LoopguardCapture", "CLoopguard", "Metrics", "Tracing", "ServiceContextModule",
            ]),
            // Interposed calls; what the loops know of themselves.
            "LoopguardStrict": system.union([
                "CLoopguardStrict", "CLoopguard", "LoopguardCore", "LoopguardCapture", "Loopguard", "Logging",
            ]),
            // Reads a report and an ELF file; no runtime.
            "loopguard-symbolicate": system.union(foundation).union([
                "LoopguardCore", "LoopguardCapture", "ArgumentParser",
            ]),
            // One bus; knows no client.
            "LoopguardRedis": nio.union(system).union(["LoopguardBus", "CHiredis", "NIOSSL", "DequeModule"]),
            // Clients; knows the bus only by its protocol.
            "LoopguardWebSocket": nio.union(system).union(foundation).union([
                "Loopguard", "LoopguardCore", "LoopguardBus", "NIOSSL", "Crypto", "DequeModule",
            ]),
            // Puts everything together; leaves stacks and C to the modules below.
            "loopguard-server": nio.union(system).union(foundation).union([
                "LoopguardCore", "Loopguard", "LoopguardStrict", "LoopguardWebSocket", "LoopguardBus",
                "LoopguardRedis", "NIOSSL", "Crypto",
                "ArgumentParser", "Configuration", "JWTKit",
            ]),
            // Apart: imports nothing of the runtime.
            "LoopguardLint": system.union(foundation).union([
                "SwiftSyntax", "SwiftParser", "SwiftDiagnostics", "SwiftParserDiagnostics", "Yams", "CIndexStore",
                "Dispatch",
            ]),
            "LoopguardTesting": system.union([
                "LoopguardCore", "Loopguard", "LoopguardStrict", "NIOCore", "Testing",
            ]),
        ],
        exceptions: [
            // JSON is the one thing that Core does not do itself.
            "Sources/LoopguardCore/JSON/StallJSON.swift": foundation,
            // A semaphore that the watchdog can signal without waiting for anybody.
            "Sources/Loopguard/Watchdog/ReportThread.swift": ["Dispatch"],
        ])

    func check(_ file: SourceFile) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let names = allowed[module] else {
            return [
                Finding(
                    path: file.path, line: 0,
                    message:
                        "module \(module) has no entry in Tests/TidyTests/ImportRules.swift; add what it may import")
            ]
        }
        let permitted = names.union(exceptions[file.path] ?? [])
        return file.findings(in: file.code) { line in
            guard let name = Self.importedModule(line), !permitted.contains(name) else { return nil }
            return "\(module) must not import \(name): move this code to a module that may, or pass in what it needs "
                + "(the table is in Tests/TidyTests/ImportRules.swift)"
        }
    }

    /// The module that a line imports, without attributes, access level, kind and submodules.
    static func importedModule(_ line: String) -> String? {
        guard line.contains("import ") else { return nil }
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|typealias|let|var|actor)\s+)?(\w+)/
        return line.firstMatch(of: pattern).map { String($0.1) }
    }
}

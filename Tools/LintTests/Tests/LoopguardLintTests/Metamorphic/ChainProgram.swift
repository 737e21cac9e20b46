/// A program of many chains: an async function, 0 to 5 steps of one kind, a blocking call. One half of the chains is wrapped in
/// `offload`. Every blocking call has a number of its own, by which it is known whatever names and layout are.
struct ChainProgram {
    enum Vehicle: String, CaseIterable {
        case function, module
        case witness = "protocol"
        case closureProperty = "closure property"
        case getter, initialiser
        case defaultArgument = "default argument"
    }

    struct Chain {
        var vehicle: Vehicle
        var depth: Int
        var isOffloaded: Bool
        /// The argument of its blocking call.
        var number: Int
    }

    /// How the same program is written down.
    struct Style {
        /// Makes a name of a stem and a number.
        var name: @Sendable (String, Int) -> String
        var layout: @Sendable (String) -> String

        static let plain = Style(name: { "\($0)\($1)" }, layout: { $0 })
        /// Other names, one thing a line, comments that mention blocking calls, tabs and carriage returns.
        static let other = Style(
            name: { "z\($1)_\(String($0.reversed()))Ü" },
            layout: { text in
                let opened = text.replacing("usleep(", with: "usleep( \r\n\t").replacing(
                    "{ ", with: "{ // usleep(1)\r\n\t"
                ).replacing("; ", with: "\r\n").replacing(" }", with: "\r\n/* usleep(2) */ }")
                return "// func handler() async { usleep(3) }\r\n" + opened
            })
    }

    let chains: [Chain]
    let fixture: Fixture

    init(_ style: Style) {
        var chains: [Chain] = []
        for isOffloaded in [false, true] {
            for vehicle in Vehicle.allCases {
                for depth in 0...5 {
                    chains.append(
                        Chain(vehicle: vehicle, depth: depth, isOffloaded: isOffloaded, number: 1000 + chains.count))
                }
            }
        }
        var app = ["import Deep", "import Glibc", "import Lib"]
        var lib = [
            "import Deep", "import Dispatch", "import Glibc",
            """
            public func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T { \
            await withCheckedContinuation { continuation in DispatchQueue.global().async { continuation.resume(returning: body()) } } }
            """,
        ]
        var deep = ["import Glibc"]
        for chain in chains {
            var next = "usleep(\(chain.number))"
            for step in stride(from: chain.depth, to: 0, by: -1) {
                let id = chain.number * 10 + step
                let (declaration, use) = Self.step(chain.vehicle, id, next, style)
                switch chain.vehicle {
                case .module where step > 2: deep.append(declaration)
                case .module: lib.append(declaration)
                default: app.append(declaration)
                }
                next = use
            }
            let body = chain.isOffloaded ? "await offload { \(next) }" : next
            let ignored = chain.isOffloaded && next.hasPrefix("usleep") ? "_ = " : ""
            app.append("func \(style.name("handler", chain.number))() async { \(ignored)\(body) }")
        }
        self.chains = chains
        func text(_ lines: [String]) -> String { style.layout(lines.joined(separator: "\n") + "\n") }
        fixture = Fixture(modules: [
            (name: "Deep", files: ["Deep.swift": text(deep)]), (name: "Lib", files: ["Lib.swift": text(lib)]),
            (name: "App", files: ["App.swift": text(app)]),
        ])
    }

    private static func step(
        _ vehicle: Vehicle, _ id: Int, _ next: String, _ style: Style
    ) -> (declaration: String, use: String) {
        func name(_ stem: String) -> String { style.name(stem, id) }
        switch vehicle {
        case .function: return ("func \(name("step"))() { \(next) }", "\(name("step"))()")
        case .module: return ("public func \(name("step"))() { \(next) }", "\(name("step"))()")
        case .witness:
            let (type, requirement) = (name("Witness"), name("go"))
            return (
                """
                protocol \(name("Role")) { func \(requirement)() }
                struct \(type): \(name("Role")) { func \(requirement)() { \(next) } }
                func \(name("use"))(_ value: any \(name("Role"))) { value.\(requirement)() }
                """, "\(name("use"))(\(type)())"
            )
        case .closureProperty:
            let type = name("Holder")
            return (
                """
                struct \(type) { var \(name("run")): () -> Void; var \(name("rest")): () -> Void; \
                static func \(name("make"))() -> \(type) { \(type)(\(name("run")): { \(next) }, \(name("rest")): {}) } }
                """, "\(type).\(name("make"))().\(name("run"))()"
            )
        case .getter:
            return (
                "struct \(name("Getter")) { var \(name("value")): Int { \(next); return 1 } }",
                "_ = \(name("Getter"))().\(name("value"))"
            )
        case .initialiser: return ("struct \(name("Made")) { init() { \(next) } }", "_ = \(name("Made"))()")
        case .defaultArgument:
            return (
                "func \(name("take"))(_ value: Int = { \(next); return 1 }()) {}", "\(name("take"))()"
            )
        }
    }
}

/// A clean program of a server's shape: three modules with many language features, on a small NIO.
///
/// A line `//@ FEATURE` is a place that an event loop reaches, `//! FEATURE` one that none does. A generator puts blocking calls
/// at some of them.
enum MutationTemplate {
    struct Module {
        var name: String
        var source: String
        /// Judged, and the target of mutations.
        var isOwn: Bool
    }

    static let modules = [
        Module(name: "NIOCore", source: nioCore, isOwn: false),
        Module(name: "NIOPosix", source: nioPosix, isOwn: false),
        Module(name: "Core", source: core, isOwn: true),
        Module(name: "Storage", source: storage, isOwn: true),
        Module(name: "App", source: app, isOwn: true),
    ]
}

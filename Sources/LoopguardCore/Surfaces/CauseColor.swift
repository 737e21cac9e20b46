/// The colours of causes, the same in every picture; told apart by lightness as well, for readers who see few colours.
enum CauseColor: String, CaseIterable {
    case computing, kernel, blocked, lock, disk, host, other

    init(_ category: CauseCategory) {
        self =
            switch category {
            case .computing: .computing
            case .computingInKernel: .kernel
            case .blockedInSystemCall: .blocked
            case .lockWait: .lock
            case .disk, .pageFaultIO: .disk
            case .starved, .throttled, .stolen, .stopped: .host
            default: .other
            }
    }

    var label: String {
        switch self {
        case .computing: "computing"
        case .kernel: "computing in the kernel"
        case .blocked: "blocked in a system call"
        case .lock: "waiting for a lock"
        case .disk: "disk"
        case .host: "the host"
        case .other: "mixed or unknown"
        }
    }

    /// Class of shapes of this colour.
    var style: HTML { HTML(stringLiteral: "c-" + rawValue) }

    /// Rules for both colour schemes.
    static let css: HTML = """
        .c-computing{fill:#e07b39}.c-kernel{fill:#c79a14}.c-blocked{fill:#3f76d1}.c-lock{fill:#8a55c4}.c-disk{fill:#21998a}
        .c-host{fill:#8a8e99}.c-other{fill:#c2577a}
        @media (prefers-color-scheme:dark){.c-computing{fill:#d98b55}.c-kernel{fill:#c9a63c}.c-blocked{fill:#6c9bea}
        .c-lock{fill:#a983dc}.c-disk{fill:#43b3a5}.c-host{fill:#7c808a}.c-other{fill:#d27c98}}
        """

    /// Squares with their names, of these colours alone; for pages.
    static func legend(_ colors: some Sequence<CauseColor>) -> HTML {
        let used = Set(colors)
        let items = allCases.filter(used.contains).map { color -> HTML in
            """
            <li><svg width="11" height="11" aria-hidden="true"><rect class="\(color.style)" width="11" height="11" rx="2"/></svg> \
            \(color.label)</li>
            """
        }
        return items.isEmpty ? HTML() : "<ul class=\"legend\">\(items.joined())</ul>\n"
    }
}

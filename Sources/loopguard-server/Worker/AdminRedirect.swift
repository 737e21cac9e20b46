import LoopguardWebSocket
import NIOHTTP1

/// Sends who asks the main port for `/debug` to the admin address. Nothing more: behind a proxy everybody looks like
/// loopback, so the main port cannot know whom it may show stacks.
enum AdminRedirect {
    static func answer(_ request: HTTPRequestInfo, admin: HostPort?) -> HTTPAnswer {
        guard let admin else {
            return .text("The admin address is switched off (--admin off).\n", status: .notFound)
        }
        return .redirect(to: "http://\(Banner.reachable(admin))\(target(request.path, request.query))")
    }

    /// The path goes into a header: whatever is not plainly a path of ours is cut to the page itself.
    static func target(_ path: String, _ query: String?) -> String {
        guard isPlain(path, extra: "/") else { return "/debug/stalls" }
        let path = path == "/debug" || path == "/debug/" ? "/debug/stalls" : path
        guard let query, !query.isEmpty, isPlain(query, extra: "=&%") else { return path }
        return "\(path)?\(query)"
    }

    private static func isPlain(_ text: String, extra: String) -> Bool {
        text.utf8.count <= 512
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                        || "._-".unicodeScalars.contains(scalar) || extra.unicodeScalars.contains(scalar))
            }
    }
}

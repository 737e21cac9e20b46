/// The headers that keep a page from doing anything but show itself.
enum PageSecurity {
    /// SHA-256 of `PageShell.script`, base64. A test recomputes it.
    static let pageScriptHash = "omOG9PDNbCNvuwXqTYnBeAc4ylyoVZKCeJU0B8x2J0Q="
    /// SHA-256 of `FlameGraph.script`, base64. A test recomputes it.
    static let flameScriptHash = "4oMP5YfD+ruE0CvBOrczOkkwv/AquUp8CViMYaiPSGM="

    static let headers: [(String, String)] = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; "
                + "script-src 'sha256-\(pageScriptHash)' 'sha256-\(flameScriptHash)'; connect-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ]
}

/// The headers that keep a page from doing anything but show itself.
public enum PageSecurity {
    /// SHA-256 of `PageShell.script`, base64. A test recomputes it.
    static let pageScriptHash = "OlXiF1WdXDrOXwib9qmctyTqygOojv5/0JKfwYOoXFM="
    /// SHA-256 of `FlameGraph.script`, base64. A test recomputes it.
    static let flameScriptHash = "sqng8Mj3YS0cpOs3myDJX1/3D9v74/wWGvzCVM8Wjh0="

    /// For every answer of the admin address.
    public static let headers: [(String, String)] = [
        ("x-content-type-options", "nosniff"),
        // Not `no-referrer`: browsers then send `Origin: null` with the self-test's form, as foreign pages may.
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; "
                + "script-src 'sha256-\(pageScriptHash)' 'sha256-\(flameScriptHash)'; connect-src 'self'; "
                + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ]
}

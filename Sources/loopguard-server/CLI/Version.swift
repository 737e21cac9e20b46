/// The server's version, for `--version` and the banner.
enum Version {
    static let current = "0.1.0"
}

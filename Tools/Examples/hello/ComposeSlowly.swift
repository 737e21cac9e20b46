import Foundation

/// Stands for a database driver or an HTTP client that blocks its thread.
func composeSlowly(_ name: String) -> String {
    Thread.sleep(forTimeInterval: 0.2)
    return "Hello, \(name)!"
}

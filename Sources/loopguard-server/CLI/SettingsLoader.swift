import ArgumentParser
import Foundation
import NIOCore

/// Reads the environment and the configuration file, and resolves the settings.
enum SettingsLoader {
    /// Largest configuration file that is read, in bytes.
    static let maximumFileBytes = 1 << 20

    /// - Throws: ``StartFailure`` with exit code 64.
    static func load(flags: [Setting: [String]], config: String?) throws(StartFailure) -> ServerSettings {
        let environment = ProcessInfo.processInfo.environment
        var file: ConfigurationFile?
        if let path = config ?? environment[Setting.config.variable] {
            let place = config == nil ? Setting.config.variable : Setting.config.flag
            file = ConfigurationFile(path: path, bytes: try read(path, limit: maximumFileBytes, for: place))
        }
        do {
            return try ServerSettings.resolve(
                flags: flags, environment: environment, file: file, cores: System.coreCount)
        } catch {
            throw StartFailure(.usage, error.message)
        }
    }

    /// Reads a small file that a setting names.
    static func read(_ path: String, limit: Int, for place: String) throws(StartFailure) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else {
                throw StartFailure(.usage, "\(place): the file \(path) has more than \(limit) bytes.")
            }
            return Array(data)
        } catch let failure as StartFailure {
            throw failure
        } catch {
            let error = error as NSError
            let reason = (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription
            throw StartFailure(
                .usage, "\(place): cannot read the file \(path): \(reason ?? error.localizedDescription).")
        }
    }
}

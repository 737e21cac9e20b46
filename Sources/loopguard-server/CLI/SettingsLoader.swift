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

    /// Reads a small file that a setting names. Regular files only: a pipe would be waited for, a device may never end.
    static func read(_ path: String, limit: Int, for place: String) throws(StartFailure) -> [UInt8] {
        func refuse(_ reason: String) -> StartFailure {
            StartFailure(.usage, "\(place): cannot read the file \(path): \(reason).")
        }
        // Without waiting for somebody who writes, and without becoming the terminal's process (open(2)).
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refuse(String(cString: strerror(errno))) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        if let kind = FileKind.irregularity(path) {
            throw refuse("it is \(kind): give a regular file, such as a copy of what it yields")
        }
        let data: Data
        do { data = try handle.read(upToCount: limit + 1) ?? Data() } catch {
            let error = error as NSError
            let reason = (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription
            throw refuse(reason ?? error.localizedDescription)
        }
        guard data.count <= limit else {
            throw StartFailure(.usage, "\(place): the file \(path) has more than \(limit) bytes.")
        }
        return Array(data)
    }
}

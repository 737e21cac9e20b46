import Foundation
import Logging

/// Writes log lines to standard error, as text or as JSON lines. Never blocks: see ``LogWriter``.
struct StandardErrorLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let label: String
    private let worker: Int
    private let format: ServerSettings.LogFormat

    init(
        label: String, worker: Int, format: ServerSettings.LogFormat, level: Logger.Level,
        metadataProvider: Logger.MetadataProvider?
    ) {
        self.label = label
        self.worker = worker
        self.format = format
        self.logLevel = level
        self.metadataProvider = metadataProvider
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let own = event.metadata { merged.merge(own) { _, new in new } }
        let line = LogLine(
            time: Timestamp.rfc3339(Date()), level: event.level, label: label, worker: worker,
            message: event.message.description,
            metadata: merged.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) })
        LogWriter.standardError.write((format == .json ? line.json : line.text) + "\n")
    }
}

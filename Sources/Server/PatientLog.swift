import Logging

/// Writes like `StreamLogHandler`, but makes a line of what a request is known by only when something is written: every
/// request gets a number for the log, and next to none of them writes there.
struct PatientLog: LogHandler {
    private let stream: StreamLogHandler
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .info

    init(label: String) { stream = .standardError(label: label) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = stream
        line.metadataProvider = metadataProvider
        line.metadata = metadata
        line.log(event: event)
    }
}

import Cases
import Directory
import Kernel
import Web

/// How one server tells the others which areas changed: `live`, who says it, and the paths. Whoever says it has told its
/// own browsers already.
enum LiveWords {
    static let verb = "live"
    /// The read model has taken in what happened at these paths.
    static let counted = "counted"
    /// PostgreSQL takes 8,000 bytes less one.
    private static let limit = 7_000

    /// As few messages as hold all paths, each once.
    static func make(_ paths: [String], by holder: String, _ verb: String = LiveWords.verb) -> [String] {
        var messages: [String] = []
        for path in Set(paths).sorted() {
            if let last = messages.last, last.utf8.count + path.utf8.count < limit {
                messages[messages.count - 1] = last + " " + path
            } else {
                messages.append("\(verb) \(holder) \(path)")
            }
        }
        return messages
    }

    /// The paths of a message of another server; nil for one's own and for other words.
    static func paths(
        _ words: String, besides holder: String, _ verb: String = LiveWords.verb
    ) -> Set<String>? {
        let parts = words.split(separator: " ").map(String.init)
        guard parts.count > 2, parts[0] == verb, parts[1] != holder else { return nil }
        return Set(parts.dropFirst(2))
    }
}

extension House {
    /// Tells the browsers of this server. What was counted before is forgotten first, or they would see it again.
    func changed(_ paths: Set<String>) {
        guard !paths.isEmpty else { return }
        cases.forgetCounts()
        for path in paths { live.changed(AreaPath(path)) }
    }

    func heard(_ words: String, besides holder: String) {
        if words == StandingWords.changed {
            directory.calendars.forget()
            cases.book.forget()
        } else if let paths = LiveWords.paths(words, besides: holder) {
            changed(paths)
        } else if let paths = LiveWords.paths(words, besides: holder, LiveWords.counted) {
            insight.changed(paths)
        }
    }

    /// Anything may have been said: nothing is kept, and every page looks again.
    func missedWords() {
        directory.calendars.forget()
        cases.book.forget()
        cases.forgetCounts()
        live.changedAll()
        insight.changed([])
    }
}

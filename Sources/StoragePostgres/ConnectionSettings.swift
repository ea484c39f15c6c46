internal import CPostgres
import Storage

/// A `postgres://` URL with what it leaves open filled in.
struct ConnectionSettings: Sendable {
    /// libpq's own words, in its own order.
    private(set) var parameters: [(key: String, value: String)] = []
    /// What a fresh connection is told first.
    let greeting: String

    /// Throws `StorageFailure.engine` when libpq cannot read the URL.
    /// - Parameter standby: of several servers, one that only reads is wanted.
    init(url: String, readOnly: Bool, deadlineMs: Int?, standby: Bool = false) throws {
        greeting = Self.greeting(deadlineMs)
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            let words = message.map { String(cString: $0) } ?? "no memory"
            PQfreemem(message)
            // libpq quotes what it could not read; that may be the password.
            throw StorageFailure.engine("the database URL cannot be read: \(words.prefix { $0 != "\"" })")
        }
        defer { PQconninfoFree(options) }
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val {
                parameters.append((String(cString: keyword), String(cString: value)))
            }
            next += 1
        }
        let hosts = max(Self.count(value("host")), Self.count(value("hostaddr")))
        // A server that does not answer is given up after two seconds, for the next of the list.
        fill("connect_timeout", "2")
        fill("keepalives_idle", "5")
        fill("keepalives_interval", "2")
        fill("keepalives_count", "3")
        fill("tcp_user_timeout", "10000")
        fill("client_encoding", "UTF8")
        fill("fallback_application_name", "redsteward")
        if hosts > 1 && !readOnly { fill("target_session_attrs", "read-write") }
        if hosts > 1 && standby { fill("target_session_attrs", "standby") }
    }

    /// Where it leads, without the password.
    var place: String {
        let hosts = value("host") ?? value("hostaddr") ?? "the local socket"
        return "\(value("dbname") ?? value("user") ?? "the database") at \(hosts)"
    }

    func value(_ key: String) -> String? { parameters.first { $0.key == key }?.value }

    private mutating func fill(_ key: String, _ value: String) {
        if self.value(key) == nil { parameters.append((key, value)) }
    }

    private static func count(_ list: String?) -> Int {
        list.map { $0.split(separator: ",", omittingEmptySubsequences: false).count } ?? 1
    }

    /// Second lines behind the deadline of the client: the server ends what nobody waits for, and lets go of what a
    /// client that stands still holds. Compiling plans to machine code costs short statements more than it saves. So does
    /// planning for each value anew: a list of fifty took three times as long to plan as to read, with an index made for
    /// it either way (decision 0007).
    private static func greeting(_ deadlineMs: Int?) -> String {
        var words = [
            "set jit = off", "set plan_cache_mode = force_generic_plan",
            "set client_connection_check_interval = '2s'",
        ]
        if let deadlineMs {
            words.append("set statement_timeout = \(deadlineMs)")
            words.append("set idle_in_transaction_session_timeout = \(deadlineMs)")
        }
        return words.joined(separator: "; ")
    }
}

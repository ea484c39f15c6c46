internal import CPostgres
import Glibc
import Storage
import Synchronization

/// Why a statement or a connection failed, before it is told in the seam's words.
enum Trouble: Error {
    /// The server refused a statement; the connection lives.
    case refused(state: String, message: String, routine: String)
    /// The connection is gone, or must not be used again.
    case lost(String)
    /// The deadline passed; what the server does with the statement is not known, so the connection is given up.
    case late
    /// The caller no longer wants the answer.
    case cancelled
    /// The closure ended the transaction itself, or a value does not fit its place.
    case misuse(StorageFailure)
}

/// Milliseconds of a clock that only goes forward.
enum Monotonic {
    static var ms: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// One connection, used by one thread. It sends without blocking and waits with `poll`, so a server that stands still
/// holds the thread only until the deadline.
final class Connection {
    private let handle: OpaquePointer
    private let notices = Notices()
    let cancelling: Cancelling
    /// Of everything that waits from now on; nil waits for ever.
    var deadline: Int64?
    private(set) var isBroken = false
    var shelf = StatementShelf()
    /// What begins the transaction and waits for its first statement, to go along with it; and how long the server may
    /// take for it.
    private var opening: (text: String, deadline: Int64?)?
    /// The transaction was to begin and did not.
    private(set) var hasNotBegun = false
    /// A `commit` is under way whose answer nobody waits for.
    private var isCommitting = false

    /// Blocks for `connect_timeout` an address at most. Throws `Trouble.lost` with libpq's words.
    init(_ settings: ConnectionSettings) throws(Trouble) {
        let (keywords, values) = (settings.parameters.map(\.key), settings.parameters.map(\.value))
        let opened = Self.withCStrings(keywords) { keywords in
            Self.withCStrings(values) { values in PQconnectdbParams(keywords, values, 0) }
        }
        guard let opened else { throw .lost("no memory for a connection") }
        guard PQstatus(opened) == CONNECTION_OK, PQsetnonblocking(opened, 1) == 0, let cancel = PQgetCancel(opened)
        else {
            let message = String(cString: PQerrorMessage(opened))
            PQfinish(opened)
            throw .lost(message)
        }
        handle = opened
        cancelling = Cancelling(cancel)
        // What the server says beside an answer would go to standard error.
        PQsetNoticeReceiver(
            opened, { context, result in context.map { Notices.at($0).hear(result) } },
            Unmanaged.passUnretained(notices).toOpaque())
        deadline = Monotonic.ms + 5_000
        do {
            try run(settings.greeting)
        } catch {
            isBroken = true
            throw error
        }
        deadline = nil
    }

    deinit {
        cancelling.end()
        PQfinish(handle)
    }

    // MARK: Transactions

    /// Begins a transaction together with its first statement: one way to the server and back instead of two.
    func begin(_ text: String, openingDeadline: Int64?) {
        opening = (text, openingDeadline)
        hasNotBegun = false
    }

    /// Begins now what waits for the first statement.
    func open() throws(Trouble) {
        guard let (text, limit) = opening else { return }
        opening = nil
        hasNotBegun = true
        let deadline = deadline
        self.deadline = limit
        try settle()
        try run(text)
        self.deadline = deadline
        hasNotBegun = false
    }

    /// A transaction that has not begun needs no end.
    func forgetOpening() { opening = nil }

    /// Ends a transaction that changed nothing, without waiting for the answer; the next one hears it.
    func commitRead() throws(Trouble) {
        guard opening == nil else { return opening = nil }
        try sent(PQsendQuery(handle, "commit"))
        isCommitting = true
    }

    /// Hears the answer that nobody waited for.
    private func settle() throws(Trouble) {
        guard isCommitting else { return }
        isCommitting = false
        _ = try answer()
    }

    /// Whether the connection can be used for the next transaction.
    var isFree: Bool { !isBroken && (isCommitting || isIdle) }

    // MARK: Words without values

    /// Runs text without values: what begins and ends transactions.
    func run(_ text: String) throws(Trouble) {
        try sent(PQsendQuery(handle, text))
        _ = try answer()
    }

    /// Runs text without values and returns the first column of the last answer's first row.
    func says(_ text: String) throws(Trouble) -> String? {
        try sent(PQsendQuery(handle, text))
        let result = try answer()
        guard result.rows > 0, PQnfields(result.handle) > 0, PQgetisnull(result.handle, 0, 0) == 0 else { return nil }
        return PQgetvalue(result.handle, 0, 0).map { String(cString: $0) }
    }

    /// `commit`. True when the server said that it is kept, and said nothing that casts doubt on it, such as that it
    /// gave up to wait for a standby.
    func commit() throws(Trouble) -> Bool {
        if opening != nil {
            opening = nil
            return true
        }
        notices.isDoubtful = false
        try sent(PQsendQuery(handle, "commit"))
        let result = try answer()
        return String(cString: PQcmdStatus(result.handle)) == "COMMIT" && !notices.isDoubtful
    }

    /// Where servers of one schema speak to each other, as an expression.
    static let channel = "'redsteward.' || to_hex(hashtextextended(coalesce(current_schema(), ''), 0))"

    /// Where they tell which tables were changed.
    static let changes = "\(channel) || '.changes'"

    /// Hears what is said there from now on.
    func listen(on channel: String) throws(Trouble) {
        try run("do $$ begin execute format('listen %I', \(channel)); end $$")
    }

    /// What was said, after a wait of at most so long for the first word.
    func heard(waitMs: Int32) throws(Trouble) -> [String] {
        // Some came with the answer to something else.
        let early = notified()
        guard early.isEmpty else { return early }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, waitMs)
        guard PQconsumeInput(handle) == 1 else { throw lost() }
        return notified()
    }

    private func notified() -> [String] {
        var words: [String] = []
        while let note = PQnotifies(handle) {
            words.append(String(cString: note.pointee.extra))
            PQfreemem(note)
        }
        return words
    }

    var isInTransaction: Bool { opening != nil || PQtransactionStatus(handle) == PQTRANS_INTRANS }
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    // MARK: Statements

    /// Runs text that is not prepared.
    func execute(_ text: String) throws(Trouble) -> PostgresResult {
        try open()
        try sent(PQsendQueryParams(handle, text, 0, nil, nil, nil, nil, 1))
        return try answer()
    }

    func execute(_ statement: PreparedStatement, _ values: [SQLValue]) throws(Trouble) -> PostgresResult {
        guard statement.types.count == values.count else { throw .misuse(.engine("wrong number of values")) }
        var parameters = Parameters(count: values.count)
        for (value, type) in zip(values, statement.types) { try parameters.add(value, as: type) }
        return try execute(statement, parameters)
    }

    func execute(_ statement: PreparedStatement, _ parameters: Parameters) throws(Trouble) -> PostgresResult {
        if let opening {
            self.opening = nil
            return try beginning(opening.text, opening.deadline) { send(statement, parameters) }
        }
        try sent(send(statement, parameters))
        return try answer()
    }

    private func send(_ statement: PreparedStatement, _ parameters: Parameters) -> Int32 {
        parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(handle, statement.name, Int32(parameters.count), values, lengths, formats, 1)
        }
    }

    /// Sends what begins a transaction and its first statement at once, and hears both answers.
    private func beginning(
        _ text: String, _ limit: Int64?, _ send: () -> Int32
    ) throws(Trouble) -> PostgresResult {
        hasNotBegun = true
        let deadline = deadline
        self.deadline = limit
        try settle()
        guard PQenterPipelineMode(handle) == 1, PQsendQueryParams(handle, text, 0, nil, nil, nil, nil, 1) == 1,
            // So that a slow statement does not hold back the answer that it has begun.
            PQsendFlushRequest(handle) == 1
        else { throw lost() }
        let accepted = send()
        guard accepted == 1 else { throw lost() }
        try sent(PQpipelineSync(handle))
        let begun = try pipelined()
        if begun.refusal == nil {
            self.deadline = deadline
            hasNotBegun = false
        }
        let answered = try pipelined()
        // The end of the pipeline is an answer of its own.
        _ = try next()
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        if PQstatus(handle) == CONNECTION_BAD { isBroken = true }
        if let refusal = begun.refusal ?? answered.refusal { throw refusal }
        guard let result = answered.result else { throw lost() }
        return result
    }

    /// The answer to one statement of a pipeline, to its end.
    private func pipelined() throws(Trouble) -> (result: PostgresResult?, refusal: Trouble?) {
        var found: (result: PostgresResult?, refusal: Trouble?) = (nil, nil)
        while let result = try next() {
            switch PQresultStatus(result.handle) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: found.result = result
            case PGRES_PIPELINE_ABORTED: break
            default: found.refusal = found.refusal ?? refusal(result)
            }
        }
        return found
    }

    /// The next result; nil where those of a statement end.
    private func next() throws(Trouble) -> PostgresResult? {
        while PQisBusy(handle) == 1 {
            _ = try wait(POLLIN)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
        return PQgetResult(handle).map { PostgresResult($0) }
    }

    /// The prepared statement, from the shelf or anew.
    func prepared(_ key: StatementShelf.Key, _ make: () -> String) throws(Trouble) -> PreparedStatement {
        if let found = shelf.statements[key] { return found }
        let text = make()
        try open()
        if shelf.isFull { try forgetStatements() }
        shelf.count += 1
        let name = "s\(shelf.count)"
        try sent(PQsendPrepare(handle, name, text, 0, nil))
        _ = try answer()
        try sent(PQsendDescribePrepared(handle, name))
        let description = try answer()
        let types = (0..<PQnparams(description.handle)).map { PQparamtype(description.handle, $0) }
        let statement = PreparedStatement(name: name, types: types, writes: PreparedStatement.writes(of: text))
        shelf.statements[key] = statement
        return statement
    }

    /// Prepares everything anew: after the limit, and after the schema changed under a plan.
    func forgetStatements() throws(Trouble) {
        shelf.clear()
        try run("deallocate all")
    }

    // MARK: Waiting

    private func sent(_ accepted: Int32) throws(Trouble) {
        guard accepted == 1 else { throw lost() }
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                // The server may have to be heard before it listens.
                if try wait(POLLIN | POLLOUT) & Int16(POLLIN) != 0, PQconsumeInput(handle) != 1 { throw lost() }
            default: throw lost()
            }
        }
    }

    /// The last result of a statement. Throws the first refusal after everything was heard.
    private func answer() throws(Trouble) -> PostgresResult {
        var last: PostgresResult?
        var refusal: Trouble?
        while let result = try next() {
            switch PQresultStatus(result.handle) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: last = result
            default: refusal = refusal ?? self.refusal(result)
            }
        }
        if PQstatus(handle) == CONNECTION_BAD { isBroken = true }
        if let refusal { throw refusal }
        guard let last else { throw lost() }
        return last
    }

    private func refusal(_ result: PostgresResult) -> Trouble {
        let message = result.field(messageField) ?? String(cString: PQerrorMessage(handle))
        guard let state = result.field(stateField) else { return lost() }
        // The server is on its way out, or has thrown this connection out.
        if state.hasPrefix("57P") || state.hasPrefix("08") || PQstatus(handle) == CONNECTION_BAD {
            isBroken = true
            return .lost("\(state) \(message)")
        }
        return .refused(state: state, message: message, routine: result.field(routineField) ?? "")
    }

    private func wait(_ events: Int32) throws(Trouble) -> Int16 {
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        guard descriptor.fd >= 0 else { throw lost() }
        while true {
            var timeout: Int32 = -1
            if let deadline {
                let left = deadline - Monotonic.ms
                guard left > 0 else { throw late() }
                timeout = Int32(clamping: left)
            }
            let ready = poll(&descriptor, 1, timeout)
            if ready > 0 { return descriptor.revents }
            if ready < 0 && errno != EINTR { throw lost() }
        }
    }

    private func late() -> Trouble {
        isBroken = true
        return .late
    }

    private func lost() -> Trouble {
        isBroken = true
        return .lost(String(cString: PQerrorMessage(handle)))
    }

    /// A nil-terminated list of C strings.
    private static func withCStrings<T>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> T
    ) -> T {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

/// The macros of libpq that name fields are characters, which Swift does not import.
private let stateField = Int32(UInt8(ascii: "C"))
private let messageField = Int32(UInt8(ascii: "M"))
private let routineField = Int32(UInt8(ascii: "R"))

/// Hears what the server says beside its answers.
private final class Notices {
    /// Something was said that makes the kept changes less than safe.
    var isDoubtful = false

    static func at(_ context: UnsafeMutableRawPointer) -> Notices {
        Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
    }

    func hear(_ result: OpaquePointer?) {
        guard let state = PQresultErrorField(result, stateField) else { return }
        // "The transaction has already committed locally, but might not have been replicated to the standby."
        if ["57014", "57P01"].contains(String(cString: state)) { isDoubtful = true }
    }
}

/// An answer of the server, freed with its last reference.
final class PostgresResult {
    let handle: OpaquePointer
    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { PQclear(handle) }

    var rows: Int32 { PQntuples(handle) }
    var changed: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    func field(_ code: Int32) -> String? {
        PQresultErrorField(handle, code).map { String(cString: $0) }
    }
}

/// A statement that the server keeps, with the types that it inferred.
struct PreparedStatement {
    let name: String
    let types: [Oid]
    /// The tables that it writes.
    let writes: Set<String>

    /// The words after `insert into`, `update` and `delete from`, wherever they stand.
    static func writes(of text: String) -> Set<String> {
        guard !SQL.isUnmarked(text) else { return [] }
        let words = text.split { $0.isWhitespace || $0 == "(" || $0 == ")" || $0 == "," }
        var found = Set<String>()
        for (index, word) in words.enumerated() {
            let after: Int
            switch word.lowercased() {
            case "insert", "delete": after = index + 2
            // Not `for update`, nor what follows a conflict.
            case "update"
            where index + 1 < words.count && !["set", "skip", "of"].contains(words[index + 1].lowercased()):
                after = index + 1
            default: continue
            }
            if after < words.count { found.insert(String(words[after])) }
        }
        return found
    }
}

/// The prepared statements of one connection.
struct StatementShelf {
    enum Key: Hashable {
        case shape([UInt])
        case text(String)
    }
    /// More shapes than the program has: lists of every length make new ones.
    private static let limit = 500

    var statements: [Key: PreparedStatement] = [:]
    var inserts: [String: InsertPlan] = [:]
    /// Names are never used twice on a connection.
    var count = 0

    var isFull: Bool { statements.count >= Self.limit }
    mutating func clear() {
        statements = [:]
        inserts = [:]
    }
}

/// The right to cancel what a connection runs, held by others than its thread.
///
/// Unchecked: libpq lets any thread use a cancel object; the lock guards whom it would hit.
final class Cancelling: @unchecked Sendable {
    private struct State {
        var running: UInt64 = 0
        var isUnderWay = false
    }
    private let handle: OpaquePointer
    private let state = Mutex(State())

    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { PQfreeCancel(handle) }

    func begin(_ job: UInt64) { state.withLock { $0.running = job } }

    /// True when nobody is about to cancel: the connection may be used for another job.
    @discardableResult
    func end() -> Bool {
        state.withLock { state in
            state.running = 0
            return !state.isUnderWay
        }
    }

    /// Asks the server to end what it runs for the job, unless that is over; returns whether it asked. Blocks as long
    /// as the server takes.
    func cancel(_ job: UInt64) -> Bool {
        let isRunning = state.withLock { state in
            guard state.running == job else { return false }
            state.isUnderWay = true
            return true
        }
        guard isRunning else { return false }
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &message, Int32(message.count))
        state.withLock { $0.isUnderWay = false }
        return true
    }
}

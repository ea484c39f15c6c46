import Kernel

/// Says what the columns of a CSV file mean. Written as JSON; names that it does not know are refused, so that a slip of
/// the pen does not lose a column silently.
package struct ImportMapping: Sendable, Decodable {
    /// Names where the rows come from. Together with the external id it tells which rows are there already. `{file}`
    /// stands for the name of the file without its endings.
    package var source: String
    /// The id of an estate.
    package var area: String?
    /// Or its name, where only one has it.
    package var areaName: String?
    package var time = Time()
    package var columns: Columns
    /// Types of the source to codes of categories here.
    package var types: [String: String] = [:]
    /// What a type that is not in `types` becomes: a category of its own, of this kind.
    package var newTypes: CategoryKind = .consultation
    package var status = Status()
    package var verdict = Verdict()

    package struct Time: Sendable, Decodable {
        /// Only `iso-local`: `2015-01-01T00:20:09` or with a space, seconds optional.
        package var format = "iso-local"
        package var zone = Zone.shanghai

        init() {}
        package init(from decoder: any Decoder) throws {
            let values = try KnownKeys(decoder, ["format", "offset_minutes"])
            format = try values.optional("format") ?? "iso-local"
            let offset = try values.optional("offset_minutes", Int.self) ?? 480
            guard format == "iso-local" else { throw ImportFailure.mapping("time.format: only iso-local is known") }
            guard (-840...840).contains(offset) else {
                throw ImportFailure.mapping("time.offset_minutes: -840 to 840")
            }
            zone = Zone(offsetMinutes: offset)
        }
    }

    package struct Columns: Sendable, Decodable {
        package var external: String
        package var opened: String
        package var closed: String?
        package var title: String?
        /// Several columns are written below each other, each with its name.
        package var body: [String]
        package var type: String?
        package var place: String?
        package var status: String?
        package var channel: String?
        package var target: String?
        package var verdict: String?

        package init(from decoder: any Decoder) throws {
            let values = try KnownKeys(
                decoder,
                [
                    "external_id", "opened", "closed", "title", "body", "type", "place", "status", "channel", "target",
                    "verdict",
                ])
            external = try values.required("external_id")
            opened = try values.required("opened")
            closed = try values.optional("closed")
            title = try values.optional("title")
            if let list = try? values.optional("body", [String].self) {
                body = list
            } else {
                body = try values.optional("body").map { [$0] } ?? []
            }
            type = try values.optional("type")
            place = try values.optional("place")
            status = try values.optional("status")
            channel = try values.optional("channel")
            target = try values.optional("target")
            verdict = try values.optional("verdict")
            guard title != nil || type != nil || !body.isEmpty else {
                throw ImportFailure.mapping("columns: one of title, body and type is needed")
            }
        }
    }

    /// Values of the status column. What is in neither list is told by the closing time.
    package struct Status: Sendable, Decodable {
        package var open: Set<String> = []
        package var closed: Set<String> = []

        init() {}
        package init(from decoder: any Decoder) throws {
            let values = try KnownKeys(decoder, ["open", "closed"])
            open = Set(try values.optional("open", [String].self) ?? [])
            closed = Set(try values.optional("closed", [String].self) ?? [])
        }
    }

    package struct Verdict: Sendable, Decodable {
        package var kept: Set<String> = []
        package var missed: Set<String> = []

        init() {}
        package init(from decoder: any Decoder) throws {
            let values = try KnownKeys(decoder, ["kept", "missed"])
            kept = Set(try values.optional("kept", [String].self) ?? [])
            missed = Set(try values.optional("missed", [String].self) ?? [])
        }
    }

    package init(from decoder: any Decoder) throws {
        let values = try KnownKeys(
            decoder,
            [
                "comment", "source", "area", "area_name", "time", "columns", "types", "new_types", "status", "verdict",
            ])
        source = try values.required("source")
        guard (1...80).contains(source.utf8.count) else { throw ImportFailure.mapping("source: 1 to 80 bytes") }
        area = try values.optional("area")
        areaName = try values.optional("area_name")
        time = try values.optional("time", Time.self) ?? Time()
        columns = try values.required("columns")
        types = try values.optional("types", [String: String].self) ?? [:]
        if let name: String = try values.optional("new_types") {
            guard let kind = CategoryKind.allCases.first(where: { String(describing: $0) == name }) else {
                throw ImportFailure.mapping("new_types: one of \(CategoryKind.allCases.map { "\($0)" })")
            }
            newTypes = kind
        }
        status = try values.optional("status", Status.self) ?? Status()
        verdict = try values.optional("verdict", Verdict.self) ?? Verdict()
    }
}

/// An object of JSON that holds no other names than these.
private struct KnownKeys {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
    private let values: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder, _ names: Set<String>) throws {
        values = try decoder.container(keyedBy: Key.self)
        if let unknown = values.allKeys.first(where: { !names.contains($0.stringValue) }) {
            throw ImportFailure.mapping("\(unknown.stringValue): no such name; known are \(names.sorted())")
        }
    }

    func required<T: Decodable>(_ name: String, _ type: T.Type = T.self) throws -> T {
        guard let value = try optional(name, type) else { throw ImportFailure.mapping("\(name) is missing") }
        return value
    }

    func optional<T: Decodable>(_ name: String, _ type: T.Type = T.self) throws -> T? {
        try values.decodeIfPresent(type, forKey: Key(stringValue: name))
    }
}

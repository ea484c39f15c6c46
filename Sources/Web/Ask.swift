import Hummingbird
import Kernel

/// What a request of the API holds. Reading is declaring: the initialiser runs once when the route is made, to learn
/// every field with its bounds for the document, and once for each request, to read and check the same fields. So it
/// reads them all in turn, without conditions.
///
///     struct Rename: Asked {
///         let area: AreaID
///         let name: String
///         init(_ ask: Ask) throws {
///             area = try ask.path("id", .id())
///             name = try ask.body("name", .text(1...60), "As people say it.")
///         }
///     }
package protocol Asked: Sendable {
    init(_ ask: Ask) throws
}

/// For routes that take nothing.
package struct Nothing: Asked {
    package init(_ ask: Ask) {}
}

/// Which page of a list is wanted.
package struct Paging: Sendable {
    package let limit: Int
    package let cursor: String?
    package init(_ ask: Ask) throws {
        limit = Int(try ask.query.optional("limit", Self.limits, "Rows on a page; 50 if not said.") ?? 50)
        cursor = try ask.query.optional("cursor", Self.cursors, "`next_cursor` of the page before.")
    }
    /// The cursor as an id; refused when it is none.
    package func id<Of>() throws -> ID<Of>? {
        guard let cursor else { return nil }
        guard let id = ID<Of>(text: cursor) else { throw WebRefusal.badField("cursor") }
        return id
    }
    private static let limits = Shape<Int64>.whole(1...100)
    private static let cursors = Shape<String>.text(1...80)
}

/// A request that is being read, or a route that is being described.
package final class Ask {
    package enum Place: String, Sendable { case path, query, body }

    package struct Declared: Sendable {
        package let place: Place
        package let name: String
        package let schema: Schema
        package let isRequired: Bool
        package let about: String
        /// A value that conforms.
        package let sample: JSON
    }

    package struct Part {
        fileprivate let ask: Ask
        fileprivate let place: Place

        package func callAsFunction<Value: Sendable>(
            _ name: String, _ shape: Shape<Value>, _ about: String = ""
        ) throws -> Value {
            if ask.isDescribing { return ask.declare(place, name, shape, about, isRequired: true) }
            guard let json = try ask.find(place, name, shape.schema) else { throw WebRefusal.missingField(name) }
            return try value(name, shape, json)
        }

        /// Nil when it is missing or null.
        package func optional<Value: Sendable>(
            _ name: String, _ shape: Shape<Value>, _ about: String = ""
        ) throws -> Value? {
            if ask.isDescribing { return ask.declare(place, name, shape, about, isRequired: false) }
            guard let json = try ask.find(place, name, shape.schema) else { return nil }
            if case .null = json { return nil }
            return try value(name, shape, json)
        }

        private func value<Value: Sendable>(_ name: String, _ shape: Shape<Value>, _ json: JSON) throws -> Value {
            guard let value = shape.read?(json) else {
                throw place == .path ? WebRefusal.badIdentifier : WebRefusal.badField(name)
            }
            return value
        }
    }

    package var path: Part { Part(ask: self, place: .path) }
    package var query: Part { Part(ask: self, place: .query) }
    package var body: Part { Part(ask: self, place: .body) }

    private let isDescribing: Bool
    private let parameters: Parameters
    private let queryText: String
    private var queryFields: FormFields?
    private let bodyJSON: JSON
    private var declared: [Declared] = []

    init(_ parameters: Parameters, query: String, body: JSON) {
        isDescribing = false
        self.parameters = parameters
        queryText = query
        bodyJSON = body
    }

    private init() {
        isDescribing = true
        parameters = Parameters()
        queryText = ""
        bodyJSON = .null
    }

    /// What a request of that kind holds.
    static func describe(_ type: (some Asked).Type) -> [Declared] {
        let ask = Ask()
        do { _ = try type.init(ask) } catch { preconditionFailure("\(type) refused its own samples: \(error)") }
        return ask.declared
    }

    private func declare<Value: Sendable>(
        _ place: Place, _ name: String, _ shape: Shape<Value>, _ about: String, isRequired: Bool
    ) -> Value {
        guard let sample = shape.sample?(), shape.read != nil else { preconditionFailure("\(name) cannot be read") }
        let json = (try? JSONReader.read(shape.bytes(sample))) ?? .null
        declared.append(
            Declared(
                place: place, name: name, schema: shape.schema, isRequired: isRequired, about: about, sample: json))
        return sample
    }

    private func find(_ place: Place, _ name: String, _ schema: Schema) throws -> JSON? {
        let text: String?
        switch place {
        case .body: return bodyJSON[name]
        case .path: text = parameters.get(name).map(Self.plain)
        case .query:
            guard !queryText.isEmpty else { return nil }
            if queryFields == nil {
                guard let fields = try? FormFields(urlEncoded: queryText.utf8) else { throw WebRefusal.malformed }
                queryFields = fields
            }
            text = queryFields?[name]
        }
        guard let text else { return nil }
        switch schema {
        case .whole: return Int64(text).map { .int($0) } ?? .string(text)
        case .flag: return text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
        // An empty choice of a page's address is none.
        default: return .string(text)
        }
    }

    /// A part of the path as it was meant.
    private static func plain(_ text: String) -> String {
        guard text.utf8.contains(0x25), let fields = try? FormFields(urlEncoded: Array(("a=" + text).utf8)) else {
            return text
        }
        return fields["a"] ?? text
    }
}

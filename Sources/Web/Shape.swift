import Kernel

/// What a value looks like in JSON, as JSON Schema says it.
package indirect enum Schema: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let name: String
        package let schema: Schema
        package let about: String
        package init(_ name: String, _ schema: Schema, _ about: String) {
            self.name = name
            self.schema = schema
            self.about = about
        }
    }

    case text(ClosedRange<Int>?, pattern: String? = nil, format: String? = nil)
    case whole(ClosedRange<Int64>)
    case flag
    case choice([String])
    case list(Schema, ClosedRange<Int>?)
    /// All members are always there; a value that may be missing is null.
    case object(String, [Member])
    case orNull(Schema)
    case anyObject
    case nothing

    /// `$ref`s to named objects, which `named` collects.
    package func json(_ named: inout [String: JSON]) -> JSON {
        switch self {
        case .text(let range, let pattern, let format):
            var pairs: [(String, JSON)] = [("type", .string("string"))]
            if let range {
                if range.lowerBound > 0 { pairs.append(("minLength", .int(Int64(range.lowerBound)))) }
                pairs.append(("maxLength", .int(Int64(range.upperBound))))
            }
            if let pattern { pairs.append(("pattern", .string(pattern))) }
            if let format { pairs.append(("format", .string(format))) }
            return .object(pairs)
        case .whole(let range):
            var pairs: [(String, JSON)] = [("type", .string("integer"))]
            if range.lowerBound > .min { pairs.append(("minimum", .int(range.lowerBound))) }
            if range.upperBound < .max { pairs.append(("maximum", .int(range.upperBound))) }
            return .object(pairs)
        case .flag: return .object([("type", .string("boolean"))])
        case .choice(let codes):
            return .object([("type", .string("string")), ("enum", .array(codes.map { .string($0) }))])
        case .list(let item, let range):
            var pairs: [(String, JSON)] = [("type", .string("array")), ("items", item.json(&named))]
            if let range {
                if range.lowerBound > 0 { pairs.append(("minItems", .int(Int64(range.lowerBound)))) }
                pairs.append(("maxItems", .int(Int64(range.upperBound))))
            }
            return .object(pairs)
        case .object(let name, let members):
            if !name.isEmpty, named[name] == nil {
                named[name] = .null
                named[name] = Self.object(members.map { ($0, true) }, &named)
            }
            return name.isEmpty
                ? Self.object(members.map { ($0, true) }, &named)
                : .object([("$ref", .string("#/components/schemas/\(name)"))])
        case .orNull(let inner):
            return .object([("anyOf", .array([inner.json(&named), .object([("type", .string("null"))])]))])
        case .anyObject: return .object([("type", .string("object"))])
        case .nothing: return .object([])
        }
    }

    static func object(_ members: [(Member, required: Bool)], _ named: inout [String: JSON]) -> JSON {
        var properties: [(String, JSON)] = []
        for (member, _) in members {
            var schema = member.schema.json(&named)
            if !member.about.isEmpty, case .object(let pairs) = schema {
                schema = .object(pairs + [("description", .string(member.about))])
            }
            properties.append((member.name, schema))
        }
        var pairs: [(String, JSON)] = [("type", .string("object")), ("properties", .object(properties))]
        let required = members.filter(\.required).map { JSON.string($0.0.name) }
        if !required.isEmpty { pairs.append(("required", .array(required))) }
        pairs.append(("additionalProperties", .bool(false)))
        return .object(pairs)
    }
}

/// How a value is written as JSON, how it is read, and what JSON Schema says of both: one declaration, so that an answer
/// conforms by construction and a bound that the document names is the bound that is checked.
package struct Shape<Value: Sendable>: Sendable {
    package let schema: Schema
    let write: @Sendable (Value, inout JSONText) -> Void
    /// Nil for what is only ever answered.
    private(set) var read: (@Sendable (JSON) -> Value?)?
    /// Stands in while a request is described.
    private(set) var sample: (@Sendable () -> Value)?

    package init(
        _ schema: Schema, write: @escaping @Sendable (Value, inout JSONText) -> Void,
        read: (@Sendable (JSON) -> Value?)? = nil, sample: (@Sendable () -> Value)? = nil
    ) {
        self.schema = schema
        self.write = write
        self.read = read
        self.sample = sample
    }

    /// An object of named members.
    package static func object(_ name: String, @Members _ members: () -> [Member<Value>]) -> Shape {
        let members = members()
        return Shape(
            .object(name, members.map { Schema.Member($0.name, $0.schema, $0.about) }),
            write: { value, out in
                for member in members {
                    out.raw(member.key)
                    member.write(value, &out)
                }
                out.byte(0x7D)
            })
    }

    @resultBuilder package enum Members {
        package static func buildExpression(_ member: Member<Value>) -> [Member<Value>] { [member] }
        package static func buildBlock(_ parts: [Member<Value>]...) -> [Member<Value>] {
            var all = parts.flatMap { $0 }
            // The bracket or comma is part of the key, so that writing needs no state.
            for index in all.indices { all[index].open(isFirst: index == 0) }
            return all
        }
    }

    package var orNull: Shape<Value?> {
        let (write, read, sample) = (write, read, sample)
        var result = Shape<Value?>(
            .orNull(schema),
            write: { value, out in
                if let value { write(value, &out) } else { out.raw("null") }
            })
        if let read {
            result.read = { json -> Value?? in
                if case .null = json { return .some(.none) }
                guard let value = read(json) else { return .none }
                return .some(value)
            }
        }
        if let sample { result.sample = { () -> Value? in sample() } }
        return result
    }

    package func list(_ range: ClosedRange<Int>? = nil) -> Shape<[Value]> {
        let (write, read, sample) = (write, read, sample)
        var result = Shape<[Value]>(
            .list(schema, range),
            write: { values, out in
                out.byte(0x5B)
                for (index, value) in values.enumerated() {
                    if index > 0 { out.byte(0x2C) }
                    write(value, &out)
                }
                out.byte(0x5D)
            })
        if let read {
            result.read = { json -> [Value]? in
                guard let items = json.arrayValue, range?.contains(items.count) ?? true else { return nil }
                var values: [Value] = []
                for item in items {
                    guard let value = read(item) else { return nil }
                    values.append(value)
                }
                return values
            }
        }
        if let sample { result.sample = { () -> [Value] in [sample()] } }
        return result
    }

    package func bytes(_ value: Value) -> [UInt8] {
        var out = JSONText()
        write(value, &out)
        return out.bytes
    }
}

/// One member of an object that is answered.
package struct Member<Value: Sendable>: Sendable {
    let name: String
    let schema: Schema
    let about: String
    fileprivate(set) var key: [UInt8] = []
    let write: @Sendable (Value, inout JSONText) -> Void

    package init<Inner: Sendable>(
        _ name: String, _ shape: Shape<Inner>, _ about: String = "",
        _ get: @escaping @Sendable (Value) -> Inner
    ) {
        self.name = name
        self.about = about
        schema = shape.schema
        let inner = shape.write
        write = { value, out in inner(get(value), &out) }
    }

    fileprivate mutating func open(isFirst: Bool) {
        key = Array("\(isFirst ? "{" : ",")\"\(name)\":".utf8)
    }
}

// MARK: The plain ones

extension Shape where Value == String {
    /// Words without bounds, as they are answered.
    package static let words = Shape(.text(nil), write: { $1.text($0) })
    /// So many Unicode scalars.
    package static func text(_ range: ClosedRange<Int>, pattern: String? = nil) -> Shape {
        Shape(
            .text(range, pattern: pattern), write: { $1.text($0) },
            read: { json in
                guard let text = json.stringValue, range.contains(text.unicodeScalars.count) else { return nil }
                return text
            }, sample: { String(repeating: "1", count: max(range.lowerBound, min(3, range.upperBound))) })
    }
    /// The name of something, as it is answered.
    package static let code = words
}

extension Shape where Value == Bool {
    package static let flag = Shape(
        .flag, write: { $0 ? $1.raw("true") : $1.raw("false") }, read: { $0.boolValue }, sample: { true })
}

extension Shape where Value == Int64 {
    package static let whole = Shape(.whole(.min ... .max), write: { $1.whole($0) })
    package static func whole(_ range: ClosedRange<Int64>) -> Shape {
        Shape(
            .whole(range), write: { $1.whole($0) },
            read: { json in json.intValue.flatMap { range.contains($0) ? $0 : nil } }, sample: { range.lowerBound })
    }
}

extension Shape where Value == Instant {
    /// RFC 3339, to the second; answered in the time of China.
    package static let time = Shape(
        .text(nil, format: "date-time"), write: { $1.text(Say.iso($0)) },
        read: { json in json.stringValue.flatMap { LocalInput.moment($0) } },
        sample: { Zone.shanghai.instant(Day(number: 20531), hour: 17) })
}

extension Shape where Value == Day {
    package static let day = Shape(
        .text(nil, format: "date"), write: { $1.text($0.description) },
        read: { json in json.stringValue.flatMap { LocalInput.day($0) } }, sample: { Day(number: 20531) })
}

extension Shape {
    /// Thirteen characters that name something.
    package static func id<Of>() -> Shape where Value == ID<Of> {
        Shape(
            .text(nil, pattern: "^[0-9a-hjkmnp-tv-z]{13}$"), write: { $1.text($0.text) },
            read: { json in json.stringValue.flatMap { ID(text: $0) } }, sample: { ID(Int64(1) << 60) })
    }

}

extension Shape where Value: Hashable {
    /// One of some values, by their codes, which are made once.
    package static func choice(_ values: [Value], _ code: (Value) -> String) -> Shape {
        let codes = values.map(code)
        let known = Dictionary(zip(codes, values), uniquingKeysWith: { first, _ in first })
        let written = Dictionary(
            zip(values, codes.map { Array("\"\($0)\"".utf8) }), uniquingKeysWith: { first, _ in first })
        return Shape(
            .choice(codes), write: { $1.raw(written[$0] ?? Array("null".utf8)) },
            read: { json in json.stringValue.flatMap { known[$0] } }, sample: { values[0] })
    }
}

extension Shape where Value == Void {
    /// An answer without a body: 204.
    package static var nothing: Shape { Shape(.nothing, write: { _, _ in }) }
}

/// One page of a list, and where the next begins.
package struct Slice<Item: Sendable>: Sendable {
    package let items: [Item]
    package let next: String?
    package init(_ items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
    /// - Parameter found: up to one more than the limit, so that the last page is known to be the last.
    package init(_ found: [Item], limit: Int, _ cursor: (Item) -> String) {
        items = Array(found.prefix(limit))
        next = found.count > limit ? items.last.map(cursor) : nil
    }
}

extension Shape {
    /// Pages of such values.
    package var slices: Shape<Slice<Value>> {
        var name = "Values"
        if case .object(let own, _) = schema { name = own + "List" }
        let inner = self
        return Shape<Slice<Value>>.object(name) {
            Member("items", inner.list()) { $0.items }
            Member("next_cursor", Shape<String>.words.orNull, "Where the next page begins; null on the last.") {
                $0.next
            }
        }
    }
}

/// What was made, by its id.
package struct Made: Sendable {
    package let id: String
    package init(_ id: String) { self.id = id }
    package static let shape = Shape<Made>.object("Made") { Member("id", .words) { $0.id } }
}

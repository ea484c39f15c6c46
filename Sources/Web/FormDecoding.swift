/// Why a form's text was not read. All of it is the sender's fault.
package enum FormFault: Error, Sendable, Equatable {
    /// More bytes than allowed.
    case tooLarge
    case tooManyFields
    /// `%` without two hexadecimal digits after it.
    case badPercent
    /// Not UTF-8, or a NUL, which no text may hold.
    case badText
}

/// The fields of a form, in the order in which they came. A name may come several times.
package struct FormFields: Sendable, Equatable {
    package struct Limits: Sendable {
        package let bytes: Int
        package let fields: Int
        package init(bytes: Int = 256 << 10, fields: Int = 500) {
            self.bytes = bytes
            self.fields = fields
        }
    }

    private let names: [String]
    private let values: [String]
    private let places: [String: [Int]]

    package init(_ pairs: [(name: String, value: String)]) {
        names = pairs.map(\.name)
        values = pairs.map(\.value)
        var places: [String: [Int]] = [:]
        for (index, pair) in pairs.enumerated() { places[pair.name, default: []].append(index) }
        self.places = places
    }

    package static let empty = FormFields([])

    /// Reads `application/x-www-form-urlencoded`: a body or a query.
    package init(urlEncoded bytes: some Collection<UInt8>, limits: Limits = Limits()) throws(FormFault) {
        guard bytes.count <= limits.bytes else { throw .tooLarge }
        var pairs: [(name: String, value: String)] = []
        for part in Array(bytes).split(separator: 0x26) {
            guard pairs.count < limits.fields else { throw .tooManyFields }
            if let equals = part.firstIndex(of: 0x3D) {
                let value = part[part.index(after: equals)...]
                pairs.append((try Self.decode(part[..<equals]), try Self.decode(value)))
            } else {
                pairs.append((try Self.decode(part), ""))
            }
        }
        self.init(pairs)
    }

    /// The first value of that name.
    package subscript(_ name: String) -> String? { places[name]?.first.map { values[$0] } }
    package func all(_ name: String) -> [String] { (places[name] ?? []).map { values[$0] } }
    /// The first value of that name without the space around it; empty where none came.
    package func trimmed(_ name: String) -> String { Self.trimmed(self[name] ?? "") }

    package static func trimmed(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }

    package var count: Int { names.count }
    package var pairs: [(name: String, value: String)] { zip(names, values).map { ($0, $1) } }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws(FormFault) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var at = bytes.startIndex
        while at < bytes.endIndex {
            switch bytes[at] {
            case 0x2B: plain.append(0x20)
            case 0x25:
                guard at + 2 < bytes.endIndex, let high = hexDigit(bytes[at + 1]), let low = hexDigit(bytes[at + 2])
                else { throw .badPercent }
                plain.append(high << 4 | low)
                at += 2
            case let byte: plain.append(byte)
            }
            at += 1
        }
        guard !plain.contains(0), let text = String(validating: plain, as: UTF8.self) else { throw .badText }
        return text
    }
}

/// The value of a hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
}

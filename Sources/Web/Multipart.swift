import Kernel

/// Why a `multipart/form-data` body was not read. All of it is the sender's fault.
package enum MultipartFault: Error, Sendable, Equatable {
    /// The content type is another one, or its boundary is missing or not of 1 to 70 allowed characters.
    case badBoundary
    /// Something else stands where a boundary, a line end or the end must stand.
    case malformed
    /// A part's header is no header, not UTF-8, or comes twice where once is allowed.
    case badHeader
    /// A part without a name, or with one that is not UTF-8 or holds control characters.
    case badName
    /// A field that is not UTF-8 or holds a NUL.
    case badText
    case headerTooLarge
    case fieldTooLarge
    case fileTooLarge
    case bodyTooLarge
    case tooManyParts
    /// The body ended before the last boundary.
    case unfinished

    /// For the status code.
    package var kind: RefusalKind {
        switch self {
        case .headerTooLarge, .fieldTooLarge, .fileTooLarge, .bodyTooLarge, .tooManyParts: .tooLarge
        case .badBoundary: .unsupported
        case .malformed, .badHeader, .badName, .badText, .unfinished: .invalid
        }
    }
}

package struct MultipartLimits: Sendable {
    package let fileBytes: Int
    /// Of the whole body, boundaries and headers included.
    package let totalBytes: Int
    package let parts: Int
    package let headerBytes: Int
    package let fieldBytes: Int

    package init(
        fileBytes: Int, totalBytes: Int, parts: Int = 32, headerBytes: Int = 8 << 10, fieldBytes: Int = 64 << 10
    ) {
        self.fileBytes = fileBytes
        self.totalBytes = totalBytes
        self.parts = parts
        self.headerBytes = headerBytes
        self.fieldBytes = fieldBytes
    }
}

package enum MultipartEvent: Sendable, Equatable {
    /// A whole field.
    case field(name: String, value: String)
    /// A file starts. The name is the sender's, without folders and control characters, at most 255 bytes, and possibly
    /// empty; for showing, never for opening. The content type is the sender's word too.
    case fileBegin(name: String, filename: String, contentType: String)
    /// The next bytes of the file; never empty.
    case fileBody([UInt8])
    case fileEnd
}

/// Reads `multipart/form-data` (RFC 7578) from chunks of any size. Holds at most one header block, one field or one
/// boundary's length of a file.
///
/// A form's file control without a file (an empty name and no content) makes no event. After a fault every later call
/// throws the same fault.
package struct MultipartParser: Sendable {
    private enum Place {
        case start, firstBoundary, afterBoundary, headers, field, file, epilogue
    }

    private let limits: MultipartLimits
    /// CR LF, two hyphens, the boundary.
    private let delimiter: [UInt8]
    private var place = Place.start
    private var buffer: [UInt8] = [0x0D, 0x0A]
    private var at = 0
    private var searched = 0
    private var total = 0
    private var parts = 0
    private var part = PartHeader()
    private var partBytes = 0
    private var value: [UInt8] = []
    private var begun = false
    private var fault: MultipartFault?

    package init(contentType: String, limits: MultipartLimits) throws(MultipartFault) {
        delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + Array(try Self.boundary(contentType).utf8)
        self.limits = limits
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) throws(MultipartFault) -> [MultipartEvent] {
        if let fault { throw fault }
        let before = buffer.count
        // Nothing past the limit is taken in, however long the chunk.
        let room = limits.totalBytes - total + 1
        if bytes.withContiguousStorageIfAvailable({ buffer.append(contentsOf: $0.prefix(room)) }) == nil {
            buffer.append(contentsOf: bytes.lazy.prefix(room))
        }
        total += buffer.count - before
        do throws(MultipartFault) {
            guard total <= limits.totalBytes else { throw .bodyTooLarge }
            var events: [MultipartEvent] = []
            while try step(&events) {}
            buffer.removeFirst(at)
            searched = max(0, searched - at)
            at = 0
            return events
        } catch {
            fault = error
            buffer = []
            value = []
            throw error
        }
    }

    /// At the end of the body: throws `unfinished` when the last boundary has not come.
    package mutating func finish() throws(MultipartFault) {
        if let fault { throw fault }
        guard case .epilogue = place else {
            fault = .unfinished
            throw .unfinished
        }
    }

    /// Returns false when more bytes are needed.
    private mutating func step(_ events: inout [MultipartEvent]) throws(MultipartFault) -> Bool {
        switch place {
        case .start: readStart()
        case .firstBoundary: try readFirstBoundary()
        case .afterBoundary: try readAfterBoundary()
        case .headers: try readHeaders()
        case .field, .file: try readBody(&events)
        case .epilogue: readEpilogue()
        }
    }

    /// The line end before the first boundary was put into the buffer; one from the sender may stand for it.
    private mutating func readStart() -> Bool {
        guard buffer.count >= 4 else { return false }
        if buffer[2] == 0x0D, buffer[3] == 0x0A { at = 2 }
        place = .firstBoundary
        return true
    }

    private mutating func readFirstBoundary() throws(MultipartFault) -> Bool {
        let have = min(buffer.count - at, delimiter.count)
        guard buffer[at..<at + have].elementsEqual(delimiter[..<have]) else { throw .malformed }
        guard have == delimiter.count else { return false }
        at += have
        place = .afterBoundary
        return true
    }

    /// `--` ends the body, a line end starts a part; a few spaces are allowed before it.
    private mutating func readAfterBoundary() throws(MultipartFault) -> Bool {
        var end = at
        while end < buffer.count, buffer[end] == 0x20 || buffer[end] == 0x09 { end += 1 }
        guard end - at <= 16 else { throw .malformed }
        guard end < buffer.count else { return false }
        guard buffer[end] == 0x0D || (buffer[end] == 0x2D && end == at) else { throw .malformed }
        guard end + 1 < buffer.count else { return false }
        if buffer[end] == 0x2D {
            guard buffer[end + 1] == 0x2D else { throw .malformed }
            place = .epilogue
        } else {
            guard buffer[end + 1] == 0x0A else { throw .malformed }
            guard parts < limits.parts else { throw .tooManyParts }
            parts += 1
            place = .headers
        }
        at = end + 2
        searched = at
        return true
    }

    private mutating func readHeaders() throws(MultipartFault) -> Bool {
        var end = max(searched, at)
        while end + 3 < buffer.count, !isBlankLine(at: end) {
            end += 1
            guard end - at <= limits.headerBytes else { throw .headerTooLarge }
        }
        searched = end
        guard end + 3 < buffer.count else {
            guard buffer.count - at <= limits.headerBytes + 4 else { throw .headerTooLarge }
            return false
        }
        part = try PartHeader(buffer[at..<end])
        at = end + 4
        searched = at
        partBytes = 0
        value = []
        begun = false
        place = part.filename == nil ? .field : .file
        return true
    }

    private func isBlankLine(at index: Int) -> Bool {
        buffer[index] == 0x0D && buffer[index + 1] == 0x0A && buffer[index + 2] == 0x0D && buffer[index + 3] == 0x0A
    }

    private mutating func readBody(_ events: inout [MultipartEvent]) throws(MultipartFault) -> Bool {
        let (safe, found) = Self.find(delimiter, in: buffer, from: at)
        if safe > at {
            try take(safe, &events)
            at = safe
        }
        guard found else { return false }
        at += delimiter.count
        switch place {
        case .field:
            guard !value.contains(0), let text = String(validating: value, as: UTF8.self) else { throw .badText }
            events.append(.field(name: part.name, value: text))
            value = []
        default:
            if !begun && part.filename?.isEmpty == false { begin(&events) }
            if begun { events.append(.fileEnd) }
        }
        place = .afterBoundary
        return true
    }

    /// Everything before `end` belongs to the part.
    private mutating func take(_ end: Int, _ events: inout [MultipartEvent]) throws(MultipartFault) {
        partBytes += end - at
        if case .field = place {
            guard partBytes <= limits.fieldBytes else { throw .fieldTooLarge }
            value.append(contentsOf: buffer[at..<end])
        } else {
            guard partBytes <= limits.fileBytes else { throw .fileTooLarge }
            if !begun { begin(&events) }
            events.append(.fileBody(Array(buffer[at..<end])))
        }
    }

    private mutating func begin(_ events: inout [MultipartEvent]) {
        begun = true
        events.append(.fileBegin(name: part.name, filename: part.filename ?? "", contentType: part.contentType))
    }

    /// What comes after the last boundary is counted and forgotten.
    private mutating func readEpilogue() -> Bool {
        at = buffer.count
        return false
    }

    /// Where the delimiter starts, or else how far it certainly does not.
    private static func find(_ delimiter: [UInt8], in buffer: [UInt8], from start: Int) -> (Int, Bool) {
        buffer.withUnsafeBufferPointer { bytes in
            delimiter.withUnsafeBufferPointer { wanted in
                var index = start
                while index < bytes.count {
                    // A line end comes at most once in the delimiter: at its start.
                    guard bytes[index] == 0x0D else {
                        index += 1
                        continue
                    }
                    var matched = 1
                    while matched < wanted.count, index + matched < bytes.count,
                        bytes[index + matched] == wanted[matched]
                    { matched += 1 }
                    if matched == wanted.count { return (index, true) }
                    if index + matched == bytes.count { return (index, false) }
                    index += matched
                }
                return (index, false)
            }
        }
    }

    /// The boundary of a content type such as `multipart/form-data; boundary=abc`.
    private static func boundary(_ contentType: String) throws(MultipartFault) -> String {
        guard contentType.utf8.count <= 512,
            let value = HeaderValue(Array(contentType.utf8)[...]), value.main == "multipart/form-data",
            let boundary = value["boundary"], (1...70).contains(boundary.utf8.count), boundary.utf8.last != 0x20,
            boundary.utf8.allSatisfy(isBoundaryByte)
        else { throw .badBoundary }
        return boundary
    }

    /// RFC 2046, 5.1.1.
    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x20: true
        default: "'()+_,-./:=?".utf8.contains(byte)
        }
    }
}

/// What the header block of a part says.
struct PartHeader: Sendable {
    private(set) var name = ""
    /// Nil for a field.
    private(set) var filename: String?
    private(set) var contentType = ""

    init() {}

    init(_ block: ArraySlice<UInt8>) throws(MultipartFault) {
        var disposition: HeaderValue?
        var type: String?
        for line in try Self.lines(block) {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex,
                line[..<colon].allSatisfy(HeaderValue.isTokenByte)
            else { throw .badHeader }
            let value = line[(colon + 1)...]
            switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
            case "content-disposition":
                guard disposition == nil, let parsed = HeaderValue(value), parsed.main == "form-data"
                else { throw .badHeader }
                disposition = parsed
            case "content-type":
                guard type == nil, let parsed = HeaderValue(value) else { throw .badHeader }
                type = parsed.main
            case "content-transfer-encoding":
                guard let parsed = HeaderValue(value), ["7bit", "8bit", "binary"].contains(parsed.main)
                else { throw .badHeader }
            default: break
            }
        }
        guard let disposition else { throw .badHeader }
        guard let raw = disposition["name"], !raw.isEmpty else { throw .badName }
        name = Self.unescaped(raw)
        guard name.unicodeScalars.allSatisfy({ !Self.isControl($0) }) else { throw .badName }
        contentType = type ?? "application/octet-stream"
        if let extended = disposition["filename*"] {
            guard let text = Self.extended(extended) else { throw .badName }
            filename = Self.shown(text)
        } else if let plain = disposition["filename"] {
            filename = Self.shown(Self.unescaped(plain))
        }
    }

    /// Lines without their ends; no control characters, no folding.
    private static func lines(_ block: ArraySlice<UInt8>) throws(MultipartFault) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = block.startIndex
        while start < block.endIndex {
            let end = block[start...].firstIndex(of: 0x0D) ?? block.endIndex
            let line = block[start..<end]
            guard !line.isEmpty, line.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else { throw .badHeader }
            lines.append(line)
            guard end < block.endIndex else { break }
            guard end + 1 < block.endIndex, block[end + 1] == 0x0A else { throw .badHeader }
            start = end + 2
        }
        return lines
    }

    /// What browsers write for a quote and line ends inside quotes (WHATWG, multipart/form-data encoding).
    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(0x25) else { return text }
        let bytes = Array(text.utf8)
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let rest = bytes[at...].prefix(3)
            if rest.elementsEqual("%22".utf8) {
                plain.append(0x22)
                at += 3
            } else if rest.elementsEqual("%0D".utf8) || rest.elementsEqual("%0A".utf8) {
                plain.append(rest.last == 0x44 ? 0x0D : 0x0A)
                at += 3
            } else {
                plain.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// RFC 5987: `UTF-8''%e6%96%87`.
    private static func extended(_ text: String) -> String? {
        let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces[0].lowercased() == "utf-8" else { return nil }
        let bytes = Array(pieces[2].utf8)
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x25 {
                guard at + 2 < bytes.count, let high = hexDigit(bytes[at + 1]), let low = hexDigit(bytes[at + 2])
                else { return nil }
                plain.append(high << 4 | low)
                at += 3
            } else {
                plain.append(bytes[at])
                at += 1
            }
        }
        return String(validating: plain, as: UTF8.self)
    }

    /// The last component, without control characters and marks that turn the direction of writing, at most 255 bytes.
    private static func shown(_ text: String) -> String {
        let names = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
        guard let last = names.last else { return "" }
        var result = ""
        var count = 0
        for scalar in last where !isControl(scalar) {
            count += UTF8.width(scalar)
            guard count <= 255 else { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}

/// A header's value with parameters: `form-data; name="a"; filename="b"`. Names are lower case and come once.
struct HeaderValue: Sendable {
    let main: String
    private let parameters: [String: String]

    subscript(_ name: String) -> String? { parameters[name] }

    /// Nil when it is malformed, not UTF-8, or holds more than sixteen parameters.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = Self.trimmed(bytes)
        let end = rest.firstIndex(of: 0x3B) ?? rest.endIndex
        let head = Self.trimmedEnd(rest[..<end])
        guard !head.isEmpty, head.allSatisfy({ Self.isTokenByte($0) || $0 == 0x2F }) else { return nil }
        main = String(decoding: head, as: UTF8.self).lowercased()
        rest = rest[end...]
        var parameters: [String: String] = [:]
        while rest.first == 0x3B {
            rest = Self.trimmed(rest.dropFirst())
            if rest.isEmpty { break }
            guard parameters.count < 16, let (name, value) = Self.parameter(&rest), parameters[name] == nil
            else { return nil }
            parameters[name] = value
            rest = Self.trimmed(rest)
        }
        guard rest.isEmpty else { return nil }
        self.parameters = parameters
    }

    private static func parameter(_ rest: inout ArraySlice<UInt8>) -> (String, String)? {
        guard let equals = rest.firstIndex(of: 0x3D), equals > rest.startIndex,
            rest[..<equals].allSatisfy(isTokenByte)
        else { return nil }
        let name = String(decoding: rest[..<equals], as: UTF8.self).lowercased()
        rest = rest[(equals + 1)...]
        guard let bytes = rest.first == 0x22 ? quoted(&rest) : token(&rest),
            let value = String(validating: bytes, as: UTF8.self)
        else { return nil }
        return (name, value)
    }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        let end = rest.firstIndex(of: 0x3B) ?? rest.endIndex
        let value = trimmedEnd(rest[..<end])
        rest = rest[end...]
        return value.isEmpty || value.contains(0x22) ? nil : Array(value)
    }

    /// A backslash escapes a quote and itself; before anything else it is a backslash, because old browsers send whole
    /// paths.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        var at = rest.startIndex + 1
        while at < rest.endIndex {
            switch rest[at] {
            case 0x22:
                rest = rest[(at + 1)...]
                return value
            case 0x5C where at + 1 < rest.endIndex && (rest[at + 1] == 0x22 || rest[at + 1] == 0x5C):
                value.append(rest[at + 1])
                at += 2
            case let byte:
                value.append(byte)
                at += 1
            }
        }
        return nil
    }

    /// RFC 9110, 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        trimmedEnd(bytes.drop { $0 == 0x20 || $0 == 0x09 })
    }

    private static func trimmedEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = bytes.endIndex
        while end > bytes.startIndex, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return bytes[..<end]
    }
}

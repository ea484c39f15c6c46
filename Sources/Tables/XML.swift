import CExpat

#if canImport(Glibc)
    import Glibc
#endif

/// Hears the elements of a document. Names come without their prefixes.
protocol XMLHandler: AnyObject {
    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes)
    func end(_ name: UnsafePointer<CChar>)
    func text(_ bytes: UnsafeBufferPointer<UInt8>)
}

struct XMLAttributes {
    let pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?

    /// The value of an attribute of this local name.
    subscript(_ name: StaticString) -> UnsafePointer<CChar>? {
        guard var at = pairs else { return nil }
        while let key = at.pointee {
            if XMLStream.local(key, name) { return at[1] }
            at += 2
        }
        return nil
    }

    func string(_ name: StaticString) -> String? { self[name].map { String(cString: $0) } }
}

/// A document that is read as its bytes come, by expat. A document type is refused: no workbook has one, and entities
/// are how a small document becomes a large one.
final class XMLStream {
    private let parser: XML_Parser?
    private let handler: any XMLHandler
    fileprivate var isRefused = false

    init(_ handler: any XMLHandler) {
        self.handler = handler
        parser = XML_ParserCreate(nil)
        guard let parser else { return }
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser,
            { user, name, attributes in
                guard let name, let user else { return }
                XMLStream.from(user).handler.start(XMLStream.plain(name), XMLAttributes(pairs: attributes))
            },
            { user, name in
                guard let name, let user else { return }
                XMLStream.from(user).handler.end(XMLStream.plain(name))
            })
        XML_SetCharacterDataHandler(parser) { user, text, count in
            guard let user, let text, count > 0 else { return }
            text.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
                XMLStream.from(user).handler.text(UnsafeBufferPointer(start: $0, count: Int(count)))
            }
        }
        XML_SetStartDoctypeDeclHandler(parser) { user, _, _, _, _ in
            guard let user else { return }
            let stream = XMLStream.from(user)
            stream.isRefused = true
            XML_StopParser(stream.parser, 0)
        }
    }

    deinit { if let parser { XML_ParserFree(parser) } }

    fileprivate static func from(_ user: UnsafeMutableRawPointer) -> XMLStream {
        Unmanaged<XMLStream>.fromOpaque(user).takeUnretainedValue()
    }

    /// After the prefix.
    private static func plain(_ name: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
        strrchr(name, 0x3A).map { UnsafePointer($0 + 1) } ?? name
    }

    static func local(_ name: UnsafePointer<CChar>, _ wanted: StaticString) -> Bool {
        Self.is(plain(name), wanted)
    }

    static func `is`(_ name: UnsafePointer<CChar>, _ wanted: StaticString) -> Bool {
        wanted.utf8Start.withMemoryRebound(to: CChar.self, capacity: wanted.utf8CodeUnitCount + 1) {
            strcmp(name, $0) == 0
        }
    }

    /// Throws `TableFault.damaged` for what is not well-formed.
    func feed(_ bytes: [UInt8], isFinal: Bool = false) throws {
        let status = bytes.withUnsafeBufferPointer { buffer -> XML_Status in
            guard let base = buffer.baseAddress else { return XML_Parse(parser, "", 0, isFinal ? 1 : 0) }
            return base.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                XML_Parse(parser, $0, Int32(buffer.count), isFinal ? 1 : 0)
            }
        }
        guard status == XML_STATUS_OK, !isRefused else { throw TableFault.damaged }
    }
}

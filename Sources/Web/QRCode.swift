import CQREncode

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A QR code of a text, error correction level M.
package struct QRCode: Sendable {
    /// Modules on a side, without the quiet zone: 21 to 177.
    package let size: Int
    private let modules: [Bool]

    /// Nil for an empty text, one with a NUL, and one that does not fit (about 2,300 bytes).
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 2400, !text.utf8.contains(0),
            let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1)
        else { return nil }
        defer { QRcode_free(code) }
        let side = Int(code.pointee.width)
        guard side > 0, let data = code.pointee.data else { return nil }
        size = side
        modules = UnsafeBufferPointer(start: data, count: side * side).map { $0 & 1 == 1 }
    }

    /// Whether the module is dark; light outside the code.
    package func isDark(column: Int, row: Int) -> Bool {
        guard (0..<size).contains(column), (0..<size).contains(row) else { return false }
        return modules[row * size + column]
    }

    /// Light modules that the standard asks for on every side (ISO/IEC 18004).
    package static let quietZone = 4

    /// One path of horizontal runs. Black on white in every theme: scanners need it so. The page's style sheet sets
    /// the size of `svg.qr`.
    package func svg(label: String) -> HTML {
        let side = size + 2 * Self.quietZone
        return """
            <svg class="qr" viewBox="0 0 \(side) \(side)" role="img" aria-label="\(label)" \
            shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\(side)v\(side)H0z"/>\
            <path fill="#000" d="\(path)"/></svg>
            """
    }

    private var path: String {
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                guard isDark(column: column, row: row) else {
                    column += 1
                    continue
                }
                let start = column
                while isDark(column: column, row: row) { column += 1 }
                path += "M\(start + Self.quietZone) \(row + Self.quietZone)h\(column - start)v1h-\(column - start)z"
            }
        }
        return path
    }
}

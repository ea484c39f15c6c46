/// Finds the header of a table, which often has a title and notes above it, and which column means what.
package struct HeaderGuess: Sendable, Equatable {
    /// The place of the header among the first rows.
    package var row: Int
    /// Columns by the name of the field that they seem to mean.
    package var columns: [String: Int]

    /// Rows that are looked at.
    package static let depth = 30

    /// - Parameter fields: the names by which a column may be called, by field, the likelier ones first.
    package init(_ rows: [TableRow], fields: [(name: String, called: [String])]) {
        var best = HeaderGuess(row: 0, columns: [:])
        for (index, row) in rows.prefix(Self.depth).enumerated() where row.fault == nil {
            let columns = Self.match(row.cells, fields)
            if columns.count > best.columns.count { best = HeaderGuess(row: index, columns: columns) }
        }
        if best.columns.isEmpty {
            // Nothing is known: the first row of several texts is the header.
            best.row =
                rows.prefix(Self.depth).firstIndex { row in
                    row.cells.count { !$0.isEmpty } > 1 && !row.cells.contains { Double($0) != nil }
                } ?? 0
        }
        self = best
    }

    private init(row: Int, columns: [String: Int]) {
        self.row = row
        self.columns = columns
    }

    private static func match(_ cells: [String], _ fields: [(name: String, called: [String])]) -> [String: Int] {
        let names = cells.map(plain)
        var result: [String: Int] = [:]
        var taken = Set<Int>()
        // What is called exactly so comes before what only begins so.
        for isExact in [true, false] {
            for field in fields where result[field.name] == nil {
                for name in field.called.map(plain) {
                    let found = names.indices.first { index in
                        !taken.contains(index)
                            && (isExact
                                ? names[index] == name
                                : name.utf8.count > 3 && names[index].utf8.count <= 60 && names[index].hasPrefix(name))
                    }
                    guard let found else { continue }
                    result[field.name] = found
                    taken.insert(found)
                    break
                }
            }
        }
        return result
    }

    /// Small letters and digits only; what stands in brackets is a remark.
    package static func plain(_ text: String) -> String {
        var result = ""
        for character in text {
            if character == "(" || character == "\u{FF08}" { break }
            if character.isLetter || character.isNumber { result += character.lowercased() }
        }
        return result
    }
}

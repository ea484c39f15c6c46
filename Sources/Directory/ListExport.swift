import Foundation
import Kernel
import Storage
import Tables
import Web

/// A list that can be taken home as a table: its columns, and its rows as whoever asks may see them.
package struct ListExport: Sendable {
    /// What a slice of rows is asked with.
    package struct Ask: Sendable {
        package let actor: Actor
        /// By the verbs of the list.
        package let scope: Scope
        package let words: Words
        package let today: Day
        let filters: [String: String]
        /// Where the slice before ended; nil for the first.
        package let cursor: String?
        package let limit: Int

        package func filter(_ name: String) -> String { filters[name] ?? "" }
        /// The thing that the list is inside. Throws `notFound` where none is named.
        package func thing<Of>(_ type: Of.Type = Of.self) throws -> ID<Of> {
            guard let id = ID<Of>(text: filter(ListExport.ofThing)) else { throw ExportRefusal.notFound }
            return id
        }
        /// The cursor of lists that go by one id.
        package func id() throws -> Int64? {
            guard let cursor else { return nil }
            guard let id = Int64(cursor) else { throw ExportRefusal.notFound }
            return id
        }
    }

    package struct Rows: Sendable {
        package let rows: [[Cell]]
        /// Nil after the last slice.
        package let next: String?

        package init(_ rows: [[Cell]], next: String?) {
            self.rows = rows
            self.next = next
        }

        /// - Parameter found: as many as were asked for where there may be more.
        package init<Item>(_ found: [Item], _ ask: Ask, cursor: (Item) -> String, cells: (Item) throws -> [Cell])
            rethrows
        {
            rows = try found.map(cells)
            next = found.count == ask.limit ? found.last.map(cursor) : nil
        }
    }

    /// In addresses and in the names of files.
    package let name: String
    package let title: Phrase
    package let verbs: Verbs
    package let columns: [Phrase]
    /// The names of the filters that it takes.
    package let filters: [String]
    package let page: @Sendable (Ask, any ReadTransaction) throws -> Rows

    package init(
        _ name: String, _ title: Phrase, _ verbs: Verbs, _ columns: [Phrase], filters: [String] = [],
        page: @escaping @Sendable (Ask, any ReadTransaction) throws -> Rows
    ) {
        self.name = name
        self.title = title
        self.verbs = verbs
        self.columns = columns
        self.filters = filters
        self.page = page
    }

    /// A list inside the page of one thing, which the filter `of` names. All of it is one slice: what is inside of one
    /// thing is bounded by its reads.
    package init(
        inside name: String, _ title: Phrase, _ verbs: Verbs, _ columns: [Phrase],
        rows: @escaping @Sendable (Ask, any ReadTransaction) throws -> [[Cell]]
    ) {
        self.init(name, title, verbs, columns, filters: [Self.ofThing]) { ask, transaction in
            Rows(try rows(ask, transaction), next: nil)
        }
    }

    /// The filter that names the thing of a list.
    package static let ofThing = "of"

    /// Whether it is about one thing, which its filters must name: then it is exported from the page of that thing.
    package var isOfOneThing: Bool { filters.contains { [Self.ofThing, "case", "estate", "what"].contains($0) } }

    /// What the audit row of an export is about: the thing of a list inside one, else 0.
    static func subject(_ filters: [String: String]) -> Int64 {
        ID<AreaTag>(text: filters[ofThing] ?? "")?.raw ?? 0
    }

    package func isFor(_ actor: Actor) -> Bool { actor.posts.contains { !$0.role.verbs.isDisjoint(with: verbs) } }
}

/// Links below a list: as a workbook, as CSV.
package enum ExportLinks {
    /// - Parameter title: what is in the file, where the page shows it in another way.
    package static func make(
        _ name: String, _ context: WebContext, title: Phrase? = nil, filters: [(StaticString, String)] = []
    ) -> HTML {
        func place(_ format: TableFileFormat) -> Href {
            Href(
                Href("/desk/export/", name),
                query: filters + [("format", format.rawValue)])
        }
        return """
            <p class="small no-print">\(title.map { "\(context.words($0)) · " } ?? "")\(context.words(.exportAs)) <a href="\(place(.xlsx))">XLSX</a> · \
            <a href="\(place(.csv))">CSV</a></p>
            """
    }

    /// Of a list inside the page of one thing.
    /// - Parameter id: of that thing, as it stands in addresses.
    package static func inside(
        _ name: String, _ id: String, _ context: WebContext, title: Phrase? = nil,
        filters: [(StaticString, String)] = []
    ) -> HTML {
        make(name, context, title: title, filters: [("of", id)] + filters)
    }
}

package enum ExportRefusal: Refusal, Equatable {
    case notFound, notReady, tooMany

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .notReady: .conflict
        case .tooMany: .limited
        }
    }
    package var message: Message {
        switch self {
        case .notFound: Phrase.exportNotFound()
        case .notReady: Phrase.exportNotReady()
        case .tooMany: Phrase.exportTooMany(String(ExportActions.mostAtOnce))
        }
    }
}

package enum ExportTag {}
package typealias ExportID = ID<ExportTag>

enum ExportStatus: Int64, CaseIterable, Sendable {
    case waiting = 0
    case running = 1
    case done = 2
    case failed = 3
    var isBusy: Bool { self == .waiting || self == .running }
}

/// A long list on its way into a file.
struct ExportRecord: Sendable {
    let id: ExportID
    let list: String
    let person: PersonID
    /// The post of the token it was asked with; nil for a person with all of theirs.
    let post: PostID?
    let language: Language
    let status: ExportStatus
    let rows: Int64
    let parts: Int64
    /// Where the next slice begins; empty at the beginning.
    let cursor: String
    let fault: String
    let created: Instant
}

/// Cells as text, for sealed pieces: a letter for the kind, then the value.
enum CellText {
    static func encode(_ rows: [[Cell]]) throws -> [UInt8] {
        Array(try JSONEncoder().encode(rows.map { $0.map(text) }))
    }

    static func decode(_ bytes: [UInt8]) throws -> [[Cell]] {
        try JSONDecoder().decode([[String]].self, from: Data(bytes)).map { try $0.map(cell) }
    }

    private static func text(_ cell: Cell) -> String {
        switch cell {
        case .empty: ""
        case .text(let text): "t" + text
        case .int(let value): "i\(value)"
        case .hundredths(let value): "h\(value)"
        case .day(let day): "d\(day.number)"
        case .moment(let instant): "m\(instant.ms)"
        }
    }

    private static func cell(_ text: String) throws -> Cell {
        guard let kind = text.first else { return .empty }
        let rest = String(text.dropFirst())
        if kind == "t" { return .text(rest) }
        guard let value = Int64(rest) else { throw StorageFailure.decoding("Cell") }
        switch kind {
        case "i": return .int(value)
        case "h": return .hundredths(value)
        case "d": return .day(Day(number: Int32(clamping: value)))
        case "m": return .moment(Instant(ms: value))
        default: throw StorageFailure.decoding("Cell")
        }
    }
}

import Foundation
import Kernel
import Storage
import Tables

package enum ImportTag {}
package typealias ImportID = ID<ImportTag>

/// What rows of a file become.
package enum ImportKind: String, CaseIterable, Sendable {
    case areas, units, residents, posts

    /// Who may bring them in.
    package var verb: Verb { self == .residents ? .residentApprove : .directoryEdit }

    package var fields: [ImportField] {
        switch self {
        case .areas: [.name, .code, .parent, .level, .address]
        case .units: [.estate, .building, .staircase, .room, .floorArea, .address]
        case .residents:
            [.name, .phone, .estate, .building, .staircase, .room, .relation, .from, .to, .birth, .guardian]
        case .posts: [.name, .phone, .organisation, .role, .area, .title, .from, .to]
        }
    }

    package var required: Set<ImportField> {
        switch self {
        case .areas: [.name]
        case .units: [.building, .room]
        case .residents: [.name, .room, .relation]
        case .posts: [.name, .phone, .organisation, .role]
        }
    }
}

/// What a column may mean.
package enum ImportField: String, CaseIterable, Sendable {
    case name, code, parent, level, address, estate, building, staircase, room, floorArea
    case phone, relation, from, to, organisation, role, area, title, birth, guardian
}

package enum ImportConflict: String, CaseIterable, Sendable, Codable { case skip, update, refuse }

package enum ImportStatus: Int64, CaseIterable, Sendable {
    case receiving = 0
    /// Its format, header and columns are being looked at.
    case looking = 1
    /// Somebody must say what the columns mean, or may correct it.
    case open = 2
    case checking = 3
    /// Every row was looked at; nothing was changed yet.
    case checked = 4
    case running = 5
    case done = 6
    case undoing = 7
    case undone = 8
    /// Given up by somebody, or by time.
    case dropped = 9
    case failed = 10

    var isBusy: Bool { [.looking, .checking, .running, .undoing].contains(self) }
}

/// What the columns of a file mean, and what happens to rows that are there already. Holds no personal data.
package struct ImportSetup: Sendable, Codable, Equatable {
    package var isWorkbook = false
    package var encoding = TextEncoding.utf8.rawValue
    package var separator: UInt8 = 0x2C
    package var sheets: [String] = []
    package var sheet = 0
    /// The line of the header; 0 before it is known.
    package var headerLine = 0
    package var header: [String] = []
    package var columns: [String: Int] = [:]
    package var conflict = ImportConflict.skip
    /// The level of all rows, where no column says it; 0 if there is none.
    package var level: Int64 = 0
    /// Levels that the rows have, the widest first: found by the check.
    package var levels: [Int64] = []
    /// Cells merged downwards below the header: each counts for every row that it covers. Nil for what was looked at
    /// before this was told.
    package var merged: Int?

    package init() {}

    var format: TableFormat {
        isWorkbook ? .xlsx : .csv(TextEncoding(rawValue: encoding) ?? .utf8, separator: separator)
    }

    package subscript(_ field: ImportField) -> Int? {
        get { columns[field.rawValue] }
        set { columns[field.rawValue] = newValue }
    }

    var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}" }
    init(text: String) {
        self = (try? JSONDecoder().decode(ImportSetup.self, from: Data(text.utf8))) ?? ImportSetup()
    }
}

/// One file on its way in, as its page shows it.
package struct ImportRecord: Sendable {
    package let id: ImportID
    package let kind: ImportKind
    /// Nil for the command line at the root of the tree.
    package let area: AreaID?
    package let person: PersonID?
    package var status: ImportStatus
    package let fileName: String
    package let fileBytes: Int64
    package var setup: ImportSetup
    package var edition: Int64
    package var pass: Int64
    package var seen: Int64
    package var total: Int64
    package var fresh: Int64
    package var changed: Int64
    package var same: Int64
    package var skipped: Int64
    package var bad: Int64
    package var kept: Int64
    package var fault: String
    package let created: Instant
    package let touched: Instant
    package var isBusy: Bool { status.isBusy }
}

/// Why a row is not brought in.
package enum ImportReason: String, Sendable, Error {
    case unreadable, missing, badName, badPhone, badDate, datesReversed, badLevel, noLevel, wrongLevel, unknownParent
    case severalParents, underItself, underOwnChild, moves, unknownArea, unknownEstate, severalEstates, unknownUnit
    case badRelation, badRole, unknownOrganisation, severalOrganisations, outsideOrganisation, beyondScope, badArea
    case cutNumber, mergedCell, differs, postOverlaps, lastAdministrator, nameTaken, badTitle, phoneShared, tooManyBelow
    case separatePosts
    case minorContact, minorGuardian, minorRelation, minorBirth
}

struct RowFault: Error {
    let reason: ImportReason
    let field: ImportField?
    init(_ reason: ImportReason, _ field: ImportField? = nil) {
        self.reason = reason
        self.field = field
    }
}

package struct BadRow: Sendable {
    package let number: Int64
    package let line: Int64
    package let field: String
    package let reason: ImportReason
    package let cells: [String]
}

/// A thing that an import made.
enum ImportMade: Int64, Sendable { case area = 1, person, home, post }

struct MadeRow: Sendable {
    let number: Int64
    let what: ImportMade
    let subject: Int64
    let mark: [UInt8]
    let kept: String
}

/// Everything that an import refuses as a whole, by name.
package enum ImportRefusal: Refusal, Equatable {
    case notFound, noFile, busy, notNow, badMapping(String), badName, nothingHere, failed

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .busy, .notNow: .conflict
        case .failed: .unavailable
        default: .invalid
        }
    }
    package var field: String? {
        switch self {
        case .noFile: "file"
        case .badMapping(let field): field
        case .badName: "mapping"
        default: nil
        }
    }
    package var message: Message {
        switch self {
        case .notFound: Phrase.webDirectoryNotFound()
        case .noFile: Phrase.importNoFile()
        case .busy: Phrase.importBusy()
        case .notNow: Phrase.importNotNow()
        case .badMapping: Phrase.importBadMapping()
        case .badName: Phrase.importBadMappingName()
        case .nothingHere: Phrase.importNothing()
        case .failed: Phrase.importFailed()
        }
    }
}

/// What a failed import is told for.
enum TableFaultWords {
    static func message(_ fault: String) -> Message? {
        let all: [TableFault] = [
            .empty, .encrypted, .oldExcel, .binaryWorkbook, .openDocument, .html, .otherFile, .damaged,
            .unpacksTooFar, .tooManyEntries, .tooManyRows, .tooManyColumns, .tooManyTexts, .cellTooLong, .noSheet,
            .unknownEncoding,
        ]
        if let found = all.first(where: { "table.\($0.name)" == fault }) { return found.message }
        return fault == ImportRefusal.nothingHere.name ? ImportRefusal.nothingHere.message : nil
    }
}

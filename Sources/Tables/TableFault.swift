import Kernel

/// Why a file is not read as a table. All of it is said in words to whoever sent it.
package enum TableFault: Refusal, Equatable {
    case empty
    case encrypted
    /// The format of Excel 97 to 2003.
    case oldExcel
    case binaryWorkbook
    case openDocument
    case html
    case otherFile
    case damaged
    /// Unpacks to more than is sensible.
    case unpacksTooFar
    case tooManyEntries
    case tooManyRows
    case tooManyColumns
    case tooManyTexts
    case cellTooLong
    case noSheet
    case unknownEncoding

    package var kind: RefusalKind {
        switch self {
        case .unpacksTooFar, .tooManyEntries, .tooManyRows, .tooManyColumns, .tooManyTexts, .cellTooLong: .tooLarge
        case .encrypted, .oldExcel, .binaryWorkbook, .openDocument, .html, .otherFile: .unsupported
        default: .invalid
        }
    }

    package var field: String? { "file" }

    package var message: Message {
        switch self {
        case .empty: Phrase.tableEmpty()
        case .encrypted: Phrase.tableEncrypted()
        case .oldExcel: Phrase.tableOldExcel()
        case .binaryWorkbook: Phrase.tableBinary()
        case .openDocument: Phrase.tableOpenDocument()
        case .html: Phrase.tableHTML()
        case .otherFile: Phrase.tableOtherFile()
        case .damaged: Phrase.tableDamaged()
        case .unpacksTooFar: Phrase.tableUnpacksTooFar()
        case .tooManyEntries: Phrase.tableTooManyEntries()
        case .tooManyRows: Phrase.tableTooManyRows()
        case .tooManyColumns: Phrase.tableTooManyColumns()
        case .tooManyTexts: Phrase.tableTooManyTexts()
        case .cellTooLong: Phrase.tableCellTooLong()
        case .noSheet: Phrase.tableNoSheet()
        case .unknownEncoding: Phrase.tableUnknownEncoding()
        }
    }
}

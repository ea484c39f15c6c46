import ArgumentParser
import Directory
import Foundation
import Kernel
import Storage
import Tables

/// What the four commands have in common: the same engine as the pages, without a person behind it.
struct TableImportOptions: ParsableArguments {
    @Argument(help: "The file: .xlsx or CSV in UTF-8, GB18030 or UTF-16.")
    var file: String
    @OptionGroup var options: DataOptions
    @Option(help: "The area that the rows belong below, by its id; the root of the tree when it is left out.")
    var area: String?
    @Option(help: "What happens to rows that are there already and differ: skip, update or refuse.")
    var conflict: String = "skip"
    @Option(help: "The level of rows of areas that do not say it, such as street.")
    var level: String?
    @Option(help: "FIELD=HEADER, where the guess of a column is wrong; may come several times.")
    var column: [String] = []
    @Option(help: "The sheet of a workbook, from 1.")
    var sheet: Int?
    @Flag(help: "Look at every row and change nothing.")
    var dryRun = false

    func run(_ kind: ImportKind) async throws {
        try await options.place.requireHouse()
        let house = try await open(options.configuration())
        do {
            let told = try await TableImport(kind, self).run(house)
            print(told)
        } catch let refusal as any Refusal {
            try await house.close()
            throw ValidationError(refusal.message.text(.en))
        } catch is FileSource.Unreadable {
            try await house.close()
            throw ValidationError("cannot read \(file)")
        }
        try await house.close()
    }
}

/// One file on its way in from the command line.
package struct TableImport {
    package struct Summary: Sendable, CustomStringConvertible {
        package let record: ImportRecord
        package var description: String {
            "rows \(record.total), new \(record.fresh), changed \(record.changed), same \(record.same), "
                + "skipped \(record.skipped), bad \(record.bad)"
                + (record.fault.isEmpty ? "" : ", failed: \(record.fault)") + "; import \(record.id.text)"
        }
    }
    let kind: ImportKind
    let file: String
    package var area: AreaID?
    package var conflict = ImportConflict.skip
    package var level: AreaLevel?
    package var columns: [ImportField: String] = [:]
    package var sheet: Int?
    package var isDry = false

    package init(_ kind: ImportKind, file: String) {
        self.kind = kind
        self.file = file
    }

    init(_ kind: ImportKind, _ options: TableImportOptions) throws {
        self.init(kind, file: options.file)
        if let text = options.area {
            guard let id = AreaID(text: text) else { throw ValidationError("--area is an id of 13 characters") }
            area = id
        }
        guard let conflict = ImportConflict(rawValue: options.conflict) else {
            throw ValidationError("--conflict is skip, update or refuse")
        }
        self.conflict = conflict
        if let text = options.level {
            guard let level = AreaLevel.allCases.first(where: { "\($0)" == text }) else {
                throw ValidationError("--level is one of \(AreaLevel.allCases.map { "\($0)" })")
            }
            self.level = level
        }
        for one in options.column {
            let parts = one.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let field = ImportField(rawValue: parts[0]) else {
                throw ValidationError("--column is FIELD=HEADER; fields are \(kind.fields.map(\.rawValue))")
            }
            columns[field] = parts[1]
        }
        sheet = options.sheet.map { $0 - 1 }
        isDry = options.dryRun
    }

    package func run(_ house: House) async throws -> Summary {
        let source = try FileSource(file)
        guard source.count <= TableLimits().fileBytes else { throw TableFault.unpacksTooFar }
        let imports = house.directory.imports
        let id = try await imports.begin(
            kind, area: area, file: URL(fileURLWithPath: file).lastPathComponent, by: nil)
        try await imports.take(source, into: id)
        var record = try await steps(id, house)
        guard record.status == .open else { return Summary(record: record) }
        if let sheet, sheet != record.setup.sheet {
            var setup = record.setup
            setup.sheet = sheet
            try await imports.look(id, setup, by: nil)
            record = try await steps(id, house)
        }
        var setup = record.setup
        setup.conflict = conflict
        setup.level = level?.rawValue ?? setup.level
        for (field, name) in columns {
            guard let index = setup.header.firstIndex(of: name) else {
                throw ImportRefusal.badMapping("column-\(field.rawValue)")
            }
            for (other, column) in setup.columns where column == index { setup.columns[other] = nil }
            setup[field] = index
        }
        try await imports.check(id, setup, by: nil)
        record = try await steps(id, house)
        guard record.status == .checked, !isDry else { return Summary(record: record) }
        try await imports.run(id, by: nil)
        return Summary(record: try await steps(id, house))
    }

    /// Does what is due until the import rests.
    private func steps(_ id: ImportID, _ house: House) async throws -> ImportRecord {
        let worker = "import-\(id.text)"
        while true {
            let did = try await house.importWork.step(worker: worker)
            let record = try await house.directory.imports.record(id)
            if !record.isBusy { return record }
            if !did { try await Task.sleep(for: .milliseconds(500)) }
        }
    }
}

struct ImportAreas: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "areas", abstract: "Bring areas in: name, code, parent, level, address.")
    @OptionGroup var options: TableImportOptions
    func run() async throws { try await options.run(.areas) }
}

struct ImportUnits: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "units", abstract: "Bring homes in: estate, building, staircase, room, floor area.")
    @OptionGroup var options: TableImportOptions
    func run() async throws { try await options.run(.units) }
}

struct ImportResidents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "residents", abstract: "Bring residents in: name, phone, home, relation, days.")
    @OptionGroup var options: TableImportOptions
    func run() async throws { try await options.run(.residents) }
}

struct ImportPosts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posts", abstract: "Bring posts in: name, phone, organisation, role, area, days.")
    @OptionGroup var options: TableImportOptions
    func run() async throws { try await options.run(.posts) }
}

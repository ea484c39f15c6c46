import Kernel
import Storage
import Synchronization
import Tables

/// What became of a row.
enum RowOutcome: Sendable { case fresh, changed, same, skipped }

/// What rows before this one would make, while nothing is written yet: so that a check says the same as the run.
final class ImportOverlay: Sendable {
    struct State {
        var codes: [String: Area] = [:]
        var names: [String: Area] = [:]
        var people: [String: PersonID] = [:]
        var homes: [String: (Day, Day)] = [:]
        var posts: [String: [(Day, Day)]] = [:]
        /// Posts of rows before that must not be in one hand with others.
        var separate: [PersonID: [(role: Role, from: Day, to: Day)]] = [:]
        var addresses: [AreaID: String] = [:]
        var places: [String: Area] = [:]
        /// Grown people of the rows before, by their home and name.
        var guardians: [String: PersonID] = [:]
        var minors: Set<String> = []
    }
    let state = Mutex(State())
}

/// The values of one row by field, cleaned: no spaces around, and without the apostrophe that an export puts before what
/// looks like a formula.
struct ImportRow: Sendable {
    let line: Int
    private let values: [ImportField: String]

    init(_ row: TableRow, _ setup: ImportSetup, _ kind: ImportKind) throws(RowFault) {
        guard row.fault == nil else { throw RowFault(.unreadable) }
        var values: [ImportField: String] = [:]
        for field in kind.fields {
            guard let column = setup[field] else { continue }
            if row.lossy.contains(column) { throw RowFault(.cutNumber, field) }
            if row.covered.contains(where: { $0.contains(column) }) { throw RowFault(.mergedCell, field) }
            var text = row[column].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if text.hasPrefix("'"), Cell.looksLikeFormula(String(text.dropFirst())) { text.removeFirst() }
            if !text.isEmpty { values[field] = text }
        }
        line = row.line
        self.values = values
    }

    subscript(_ field: ImportField) -> String { values[field] ?? "" }

    func needed(_ field: ImportField) throws(RowFault) -> String {
        guard let text = values[field] else { throw RowFault(.missing, field) }
        return text
    }

    func name(_ field: ImportField, longest: Int) throws(RowFault) -> String {
        let text = try needed(field)
        guard text.unicodeScalars.count <= longest, TextRules.isPlain(text),
            text.contains(where: { $0.isLetter || $0.isNumber })
        else { throw RowFault(.badName, field) }
        return text
    }

    /// Nil when nothing is there. Reads `2026-03-18`, `2026/3/18`, `20260318` and the Chinese way.
    func day(_ field: ImportField) throws(RowFault) -> Day? {
        guard let text = values[field] else { return nil }
        var plain = text.split(separator: " ").first.map(String.init) ?? text
        if plain.last == ImportWords.dateEnd { plain.removeLast() }
        var parts = plain.split(whereSeparator: { ImportWords.dateSigns.contains($0) }).map(String.init)
        if parts.count == 1, plain.utf8.count == 8 {
            parts = [String(plain.prefix(4)), String(plain.dropFirst(4).prefix(2)), String(plain.suffix(2))]
        }
        guard parts.count == 3, let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            (1900...9999).contains(year), let result = Day(year: year, month: month, day: day)
        else { throw RowFault(.badDate, field) }
        return result
    }

    func days(today: Day) throws(RowFault) -> (from: Day, to: Day) {
        let from = try day(.from) ?? today
        let to = try day(.to) ?? HomeStore.forever
        guard to >= from else { throw RowFault(.datesReversed, .to) }
        return (from, to)
    }
}

/// Decides what a row becomes and, where it may write, makes it so. One for each transaction: what it remembers of the
/// tree is true for that long.
struct ImportPlan {
    let record: ImportRecord
    /// At or below this lies everything that the import touches; the root for the command line.
    let root: AreaPath
    /// Nil for the command line.
    let actor: Actor?
    let world: World
    let secrets: Secrets
    let journal: any Journal
    let now: Instant
    let today: Day
    let read: any ReadTransaction
    let write: (any WriteTransaction)?
    let overlay: ImportOverlay?

    var made: [(ImportMade, Int64, String)] = []
    private var estates: [String: Area] = [:]
    private var buildings: [AreaID: [String: Area]] = [:]
    private var rooms: [AreaID: [String: Area]] = [:]

    /// As many directly below one area as an import puts there.
    static let mostChildren: Int64 = 20_000

    init(
        _ record: ImportRecord, root: AreaPath, actor: Actor?, world: World, secrets: Secrets, journal: any Journal,
        now: Instant, read: any ReadTransaction, write: (any WriteTransaction)?, overlay: ImportOverlay?
    ) {
        self.record = record
        self.root = root
        self.actor = actor
        self.world = world
        self.secrets = secrets
        self.journal = journal
        self.now = now
        today = Zone.shanghai.day(of: now)
        self.read = read
        self.write = write
        self.overlay = overlay
    }

    mutating func take(_ row: ImportRow) throws -> RowOutcome {
        switch record.kind {
        case .areas: try area(row)
        case .units: try unit(row)
        case .residents: try resident(row)
        case .posts: try post(row)
        }
    }

    /// Whether the person behind the import may do it here.
    func reach(_ path: AreaPath, _ field: ImportField) throws {
        guard root.contains(path), actor.map({ $0.may(record.kind.verb, at: path) }) ?? true else {
            throw RowFault(.beyondScope, field)
        }
    }

    func conflict() throws -> Bool {
        switch record.setup.conflict {
        case .skip: return false
        case .update: return true
        case .refuse: throw RowFault(.differs)
        }
    }

    // MARK: Areas

    /// The level that a row says, or the import's.
    static func level(_ row: ImportRow, _ setup: ImportSetup) throws(RowFault) -> AreaLevel {
        let text = row[.level]
        if !text.isEmpty {
            guard let level = ImportWords.level(text) else { throw RowFault(.badLevel, .level) }
            return level
        }
        guard let level = AreaLevel(rawValue: setup.level) else { throw RowFault(.noLevel, .level) }
        return level
    }

    private mutating func area(_ row: ImportRow) throws -> RowOutcome {
        let name = try row.name(.name, longest: 80)
        let level = try Self.level(row, record.setup)
        let code = row[.code]
        let address = String(row[.address].prefix(200))
        guard code.utf8.count <= 40 else { throw RowFault(.badName, .code) }
        if !code.isEmpty, row[.parent] == code { throw RowFault(.underItself, .parent) }
        let parent = try parent(row[.parent], of: level)
        let path = parent?.path ?? .root
        let known = code.isEmpty ? nil : try areas(code: code, .code).first
        if let known, known.path.contains(path) { throw RowFault(.underOwnChild, .parent) }
        if let parent {
            guard parent.level.rawValue + 1 == level.rawValue else { throw RowFault(.wrongLevel, .level) }
            try reach(parent.path, .parent)
        } else {
            guard actor == nil, root == .root else { throw RowFault(.unknownParent, .parent) }
        }
        if let found = known {
            guard found.parent == parent?.id else { throw RowFault(.moves, .parent) }
            return try change(found, name, code, address)
        }
        if let found = try child(of: parent, named: name) {
            let known = try knownAddress(of: found.id)
            // Two places of one name: the address tells them apart.
            guard !address.isEmpty, !known.isEmpty, known != address else {
                return try change(found, name, code, address)
            }
            let longer = String(String.UnicodeScalarView("\(name) (\(address))".unicodeScalars.prefix(80)))
            if let same = try child(of: parent, named: longer) { return try change(same, longer, code, address) }
            return try add(longer, level, parent, code, address, nil)
        }
        return try add(name, level, parent, code, address, nil)
    }

    private func parent(_ text: String, of level: AreaLevel) throws -> Area? {
        if text.isEmpty {
            return try record.area.flatMap { try DirectoryStore.area($0, read) }
        }
        var found = try areas(code: text, .parent)
        if found.isEmpty, let above = AreaLevel(rawValue: level.rawValue - 1) {
            found = try read.query(
                """
                select \(DirectoryStore.areaColumns) from directory_area a
                where a.name = \(text) and a.level = \(above) and a.path >= \(root.text)
                    and a.path < \(root.upperBound) limit 3
                """, DirectoryStore.area)
            if found.isEmpty, let overlay {
                found = overlay.state.withLock { state in
                    state.names.values.filter { $0.name == text && $0.level == above }
                }
            }
        }
        guard let first = found.first else { throw RowFault(.unknownParent, .parent) }
        guard found.count == 1 else { throw RowFault(.severalParents, .parent) }
        return first
    }

    private func areas(code: String, _ field: ImportField) throws -> [Area] {
        if let planned = overlay?.state.withLock({ $0.codes[code] }) { return [planned] }
        let found = try read.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where a.code = \(code) and a.code <> '' and a.path >= \(root.text) and a.path < \(root.upperBound) limit 3
            """, DirectoryStore.area)
        guard found.count < 2 else { throw RowFault(.severalParents, field) }
        return found
    }

    private static func key(_ parent: AreaID?, _ name: String) -> String { "\(parent?.text ?? "")/\(name)" }

    private func child(of parent: Area?, named name: String) throws -> Area? {
        if let planned = overlay?.state.withLock({ $0.names[Self.key(parent?.id, name)] }) { return planned }
        let above: SQL = parent.map { "a.parent_id = \($0.id)" } ?? "a.parent_id is null"
        return try read.first(
            "select \(DirectoryStore.areaColumns) from directory_area a where \(above) and a.name = \(name) limit 1",
            DirectoryStore.area)
    }

    private func knownAddress(of area: AreaID) throws -> String {
        if let planned = overlay?.state.withLock({ $0.addresses[area] }) { return planned }
        return try read.first("select address from directory_area_fact where area_id = \(area)") { try $0.text(0) }
            ?? ""
    }

    private func code(of area: AreaID) throws -> String {
        try read.first("select code from directory_area where id = \(area)") { try $0.text(0) } ?? ""
    }

    private func change(_ found: Area, _ name: String, _ code: String, _ address: String) throws -> RowOutcome {
        let isPlanned = overlay?.state.withLock { $0.names[Self.key(found.parent, found.name)] != nil } ?? false
        let knownCode = isPlanned ? code : try self.code(of: found.id)
        let knownAddress = isPlanned && address.isEmpty ? "" : try knownAddress(of: found.id)
        let isSame =
            found.name == name && (code.isEmpty || code == knownCode)
            && (address.isEmpty || address == knownAddress)
        if isSame { return .same }
        guard try conflict() else { return .skipped }
        guard let write else { return .changed }
        if found.name != name, let parent = found.parent,
            try AreaStore.isTaken(name, under: parent, except: found.id, read)
        {
            throw RowFault(.nameTaken, .name)
        }
        try write.run(
            """
            update directory_area set name = \(name), code = \(code.isEmpty ? knownCode : code)
            where id = \(found.id)
            """)
        if found.name != name { try FindStore.renamed(found, to: name, at: now, write) }
        if !address.isEmpty { try put(found.id, address: address, floor: nil, write) }
        return .changed
    }

    private func put(
        _ area: AreaID, address: String, floor: Int64?, _ write: any WriteTransaction
    ) throws {
        try write.run(
            """
            insert into directory_area_fact (area_id, address, floor_hundredths)
            values (\(area), \(address), \(floor))
            on conflict (area_id) do update set
                address = case when excluded.address = '' then directory_area_fact.address else excluded.address end,
                floor_hundredths = coalesce(excluded.floor_hundredths, directory_area_fact.floor_hundredths)
            """)
        try FindStore.put(area, address: address, write)
    }

    private mutating func add(
        _ name: String, _ level: AreaLevel, _ parent: Area?, _ code: String, _ address: String, _ floor: Int64?
    ) throws -> RowOutcome {
        _ = try make(name, level, parent, code, address, floor)
        return .fresh
    }

    private mutating func make(
        _ name: String, _ level: AreaLevel, _ parent: Area?, _ code: String, _ address: String, _ floor: Int64?
    ) throws -> Area {
        let id: AreaID = world.id()
        let area = Area(
            id: id, parent: parent?.id, level: level, name: name, path: (parent?.path ?? .root).appending(id),
            estate: level == .estate ? id : parent?.estate)
        if let write {
            if let parent, try AreaStore.countChildren(of: parent.id, read) >= Self.mostChildren {
                throw RowFault(.tooManyBelow, .parent)
            }
            guard try DirectoryStore.insertArea(area, code: code, at: now, write) else {
                throw RowFault(.nameTaken, .name)
            }
            if !address.isEmpty || floor != nil { try put(id, address: address, floor: floor, write) }
            made.append((.area, id.raw, Self.mark(area)))
        }
        overlay?.state.withLock { state in
            if !code.isEmpty { state.codes[code] = area }
            state.names[Self.key(parent?.id, name)] = area
            if !address.isEmpty { state.addresses[id] = address }
        }
        return area
    }

    static func mark(_ area: Area) -> String { "\(area.path.text) \(area.name)" }

    // MARK: Units

    private mutating func unit(_ row: ImportRow) throws -> RowOutcome {
        let estate = try estate(row)
        let typedBuilding = try row.name(.building, longest: 60)
        let typedRoom = try row.name(.room, longest: 60)
        var floor: Int64?
        if !row[.floorArea].isEmpty {
            guard let value = Self.hundredths(row[.floorArea]) else { throw RowFault(.badArea, .floorArea) }
            floor = value
        }
        let key = UnitKey(building: typedBuilding, staircase: row[.staircase], room: typedRoom)
        var building = try building(key.building, in: estate)
        var isNewBuilding = false
        if building == nil {
            let isNumber = key.building.utf8.allSatisfy { (0x30...0x39).contains($0) }
            let name = isNumber ? Phrase.importBuilding.text(.zh, [key.building]) : typedBuilding
            let new = try make(name, .building, estate, "", "", nil)
            remember(new, under: estate.id, key.building)
            (building, isNewBuilding) = (new, true)
        }
        guard let building else { return .skipped }
        if !isNewBuilding, let found = try room(key.room, in: building) {
            guard let floor else { return .same }
            let known =
                try read.first(
                    "select floor_hundredths from directory_area_fact where area_id = \(found.id)"
                ) { try $0.optionalInt(0) } ?? nil
            if known == floor { return .same }
            // A first word about the area contradicts nothing.
            if known != nil, try !conflict() { return .skipped }
            if let write { try put(found.id, address: String(row[.address].prefix(200)), floor: floor, write) }
            return .changed
        }
        let parts = key.room.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let plain = parts.count == 2 ? parts[1] : typedRoom
        let name =
            parts[0].isEmpty ? plain : Phrase.importStaircase.text(.zh, [parts[0], plain])
        let new = try make(name, .unit, building, "", String(row[.address].prefix(200)), floor)
        rooms[building.id, default: [:]][key.room] = new
        overlay?.state.withLock { $0.places["\(building.id.text)/\(key.room)"] = new }
        return .fresh
    }

    private mutating func remember(_ building: Area, under estate: AreaID, _ key: String) {
        buildings[estate, default: [:]][key] = building
        rooms[building.id] = [:]
        overlay?.state.withLock { $0.places["\(estate.text)/\(key)"] = building }
    }

    /// `89.54` or `89.54㎡`.
    static func hundredths(_ text: String) -> Int64? {
        let plain = UnitKey.plain(text).prefix { $0.isNumber && $0.isASCII || $0 == "." }
        let parts = plain.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ Int64($0) }), parts.count <= 2, whole < 1_000_000 else { return nil }
        guard parts.count == 2 else { return whole > 0 ? whole * 100 : nil }
        let digits = String(parts[1].prefix(3)) + String(repeating: "0", count: max(0, 3 - parts[1].count))
        guard let thousandths = Int64(digits) else { return nil }
        let value = whole * 100 + (thousandths + 5) / 10
        return value > 0 ? value : nil
    }

    /// The estate that a row names, or the import's own.
    mutating func estate(_ row: ImportRow) throws -> Area {
        let text = row[.estate]
        if let known = estates[text] { return known }
        var found: [Area] = []
        if text.isEmpty {
            if let area = try record.area.flatMap({ try DirectoryStore.area($0, read) }), area.level == .estate {
                found = [area]
            }
            guard !found.isEmpty else { throw RowFault(.missing, .estate) }
        } else {
            found = try read.query(
                """
                select \(DirectoryStore.areaColumns) from directory_area a
                where (a.name = \(text) or (a.code = \(text) and a.code <> '')) and a.level = \(AreaLevel.estate)
                    and a.path >= \(root.text) and a.path < \(root.upperBound) limit 3
                """, DirectoryStore.area)
        }
        guard let estate = found.first else { throw RowFault(.unknownEstate, .estate) }
        guard found.count == 1 else { throw RowFault(.severalEstates, .estate) }
        guard root.contains(estate.path), actor.map({ $0.may(record.kind.verb, at: estate.path) }) ?? true else {
            throw RowFault(.unknownEstate, .estate)
        }
        estates[text] = estate
        return estate
    }

    private mutating func building(_ key: String, in estate: Area) throws -> Area? {
        if buildings[estate.id] == nil {
            var known: [String: Area] = [:]
            for area in try DirectoryStore.children(of: estate.id, limit: 20_000, read) {
                known[UnitKey.building(named: area.name)] = area
            }
            buildings[estate.id] = known
        }
        if let found = buildings[estate.id]?[key] { return found }
        return overlay?.state.withLock { $0.places["\(estate.id.text)/\(key)"] }
    }

    private mutating func room(_ key: String, in building: Area) throws -> Area? {
        if rooms[building.id] == nil {
            var known: [String: Area] = [:]
            for area in try DirectoryStore.children(of: building.id, limit: 20_000, read) {
                known[UnitKey.room(named: area.name)] = area
            }
            rooms[building.id] = known
        }
        if let found = rooms[building.id]?[key] { return found }
        return overlay?.state.withLock { $0.places["\(building.id.text)/\(key)"] }
    }

    /// The home that a row means.
    mutating func home(_ row: ImportRow) throws -> Area {
        let estate = try estate(row)
        var typed = try row.needed(.room)
        var first = row[.building]
        // 3-2-502 or 3号楼2单元502室 in one cell.
        if first.isEmpty {
            let plain = UnitKey.plain(typed)
            if let word = ImportWords.buildingWords.first(where: { plain.contains($0) }),
                let range = plain.ranges(of: word).first
            {
                (first, typed) = (String(plain[..<range.lowerBound]), String(plain[range.upperBound...]))
            } else if let dash = plain.firstIndex(of: "-") {
                (first, typed) = (String(plain[..<dash]), String(plain[plain.index(after: dash)...]))
            }
        }
        let key = UnitKey(building: first, staircase: row[.staircase], room: typed)
        guard !key.building.isEmpty, let building = try building(key.building, in: estate),
            let unit = try room(key.room, in: building)
        else { throw RowFault(.unknownUnit, .room) }
        return unit
    }
}

import Kernel
import Storage

/// People of rows: residents and holders of posts.
extension ImportPlan {
    private enum Found { case known(PersonID), new }

    /// Whom a name and a phone mean. One phone may serve several people of a household, so both must fit.
    private func find(_ name: String, _ phone: Phone?, _ index: [UInt8]?, unit: AreaID?) throws -> PersonID? {
        if let planned = overlay?.state.withLock({ $0.people[Self.key(name, phone, unit)] }) { return planned }
        if let index, let phone {
            let people = try SignInStore.people(phoneIndex: index, read)
            let same = people.filter { $0.1 == name }
            guard same.count < 2 else { throw RowFault(.phoneShared, .phone) }
            if let one = same.first { return one.0 }
            // Somebody who signed in by code and never said a name has the masked number for one.
            if people.count == 1, people[0].1 == phone.masked {
                if let write { try DirectoryStore.rename(people[0].0, name, write) }
                return people[0].0
            }
            return nil
        }
        guard let unit else { return nil }
        return try read.first(
            """
            select n.id from directory_home h join directory_person n on n.id = h.person_id
            where h.unit_id = \(unit) and n.name = \(name) and h.status < 2 order by n.id limit 1
            """
        ) { try $0.id(0) }
    }

    private static func key(_ name: String, _ phone: Phone?, _ unit: AreaID?) -> String {
        "\(name)/\(phone?.text ?? unit?.text ?? "")"
    }

    private mutating func person(_ name: String, _ phone: Phone?, unit: AreaID?) throws -> (PersonID, isNew: Bool) {
        if let found = try find(name, phone, phone.map { secrets.phoneIndex($0) }, unit: unit) { return (found, false) }
        let id: PersonID = world.id()
        if let write {
            let sealed = try phone.map { try secrets.seal($0, person: id, world: world) }
            try DirectoryStore.insertPerson(id, name: name, phone: sealed, at: now, write)
            made.append((.person, id.raw, name))
        }
        overlay?.state.withLock { $0.people[Self.key(name, phone, unit)] = id }
        return (id, true)
    }

    // MARK: Residents

    mutating func resident(_ row: ImportRow) throws -> RowOutcome {
        let name = try row.name(.name, longest: 40)
        var phone: Phone?
        if !row[.phone].isEmpty {
            guard let number = Phone(row[.phone]), number.isMobile else { throw RowFault(.badPhone, .phone) }
            phone = number
        }
        guard let relation = ImportWords.relation(try row.needed(.relation)) else {
            throw RowFault(.badRelation, .relation)
        }
        let days = try row.days(today: today)
        let unit = try home(row)
        let child = try minor(row, name, phone, relation, unit)
        let (person, isNew) = try person(name, phone, unit: unit.id)
        let place = "\(unit.id.text)/\(name)"
        overlay?.state.withLock { state in
            if child == nil { state.guardians[place] = person } else { state.minors.insert(place) }
        }
        if child != nil, !isNew, try hasContact(person) { throw RowFault(.minorContact, .phone) }
        if let child, let write {
            try MinorStore.insert(
                person, guardian: child.guardian, unit: unit.id, birth: child.birth, agreed: nil, by: record.person,
                at: now, write)
        }
        let key = "\(person.text)/\(unit.id.text)/\(relation.code)"
        if let planned = overlay?.state.withLock({ $0.homes[key] }) {
            return try settle(planned, days, row, isKnown: true) { _ in }
        }
        if !isNew {
            let found = try read.first(
                """
                select id, status, from_day, to_day from directory_home
                where person_id = \(person) and unit_id = \(unit.id) and relation = \(relation) and status < 2
                    and to_day >= \(min(days.from, today)) order by status desc, id limit 1
                """
            ) { (id: try $0.int(0), isWaiting: try $0.int(1) == 0, from: try $0.day(2), to: try $0.day(3)) }
            if let found {
                return try settle((found.from, found.to), days, row, isKnown: !found.isWaiting) { days in
                    try change(found.id, unit.id, days)
                }
            }
        }
        overlay?.state.withLock { $0.homes[key] = days }
        guard let write else { return .fresh }
        let id = world.nextID()
        guard
            try DirectoryStore.insertHome(
                person: person, unit: unit, relation: relation, active: true, from: days.from, to: days.to,
                decidedBy: record.person, id: id, at: now, write)
        else {
            // Refused by somebody before, for the same days.
            throw RowFault(.differs, .relation)
        }
        made.append((.home, id, Self.mark(days)))
        return .fresh
    }

    private func hasContact(_ person: PersonID) throws -> Bool {
        try read.first(
            """
            select p.id from directory_person p left join directory_account a on a.person_id = p.id
            where p.id = \(person) and (p.phone_sealed is not null or a.person_id is not null)
            """
        ) { try $0.int(0) } != nil
    }

    /// What a row says about somebody below the age at which people agree alone: only the month of birth, and the
    /// guardian, who lives there. The birth of anybody else is not kept.
    private func minor(
        _ row: ImportRow, _ name: String, _ phone: Phone?, _ relation: HomeRelation, _ unit: Area
    ) throws -> (birth: BirthMonth, guardian: PersonID)? {
        guard !row[.birth].isEmpty else {
            // A number for a child that is entered here already.
            let planned = overlay?.state.withLock { $0.minors.contains("\(unit.id.text)/\(name)") } ?? false
            if phone != nil, try planned || MinorStore.isThere(name, in: unit.id, read) {
                throw RowFault(.minorContact, .phone)
            }
            return nil
        }
        var words = row[.birth].split { ImportWords.dateSigns.contains($0) || $0 == ImportWords.dateEnd }
            .joined(separator: "-")
        if words.utf8.count == 8, words.utf8.allSatisfy({ (48...57).contains($0) }) {
            words = "\(words.prefix(4))-\(words.dropFirst(4).prefix(2))-\(words.suffix(2))"
        }
        guard let birth = BirthMonth(words), !birth.isAfter(today) else { throw RowFault(.minorBirth, .birth) }
        guard birth.isBelow(try LawLimitStore.value(.minorAge, read), on: today) else { return nil }
        guard phone == nil else { throw RowFault(.minorContact, .phone) }
        guard relation == .family else { throw RowFault(.minorRelation, .relation) }
        let named = row[.guardian]
        guard !named.isEmpty, named != name else { throw RowFault(.minorGuardian, .guardian) }
        let planned = overlay?.state.withLock { $0.guardians["\(unit.id.text)/\(named)"] }
        guard let guardian = try planned ?? MinorStore.guardian(named, in: unit.id, on: today, read) else {
            throw RowFault(.minorGuardian, .guardian)
        }
        return (birth, guardian)
    }

    private func settle(
        _ known: (Day, Day), _ days: (from: Day, to: Day), _ row: ImportRow, isKnown: Bool,
        _ change: ((from: Day, to: Day)) throws -> Void
    ) throws -> RowOutcome {
        // Days that a row does not say stay as they are.
        let from = row[.from].isEmpty ? known.0 : days.from
        let to = row[.to].isEmpty ? known.1 : days.to
        if isKnown, (from, to) == known { return .same }
        guard from <= to else { throw RowFault(.datesReversed, .to) }
        // To accept what somebody asked for contradicts nothing.
        if isKnown, try !conflict() { return .skipped }
        try change((from, to))
        return .changed
    }

    private func change(_ id: Int64, _ unit: AreaID, _ days: (from: Day, to: Day)) throws {
        guard let write else { return }
        try write.run(
            """
            update directory_home set status = 1, from_day = \(days.from), to_day = \(days.to),
                decided_by = coalesce(decided_by, \(record.person)) where id = \(id)
            """)
        try HouseholdStore.settle(unit, at: now, write)
    }

    static func mark(_ days: (from: Day, to: Day)) -> String { "\(days.from) \(days.to)" }

    // MARK: Posts

    mutating func post(_ row: ImportRow) throws -> RowOutcome {
        let name = try row.name(.name, longest: 40)
        guard let phone = Phone(try row.needed(.phone)), phone.isMobile else { throw RowFault(.badPhone, .phone) }
        guard let role = ImportWords.role(try row.needed(.role)) else { throw RowFault(.badRole, .role) }
        let title = row[.title]
        guard title.unicodeScalars.count <= OrganisationActions.longestTitle, TextRules.isPlain(title) else {
            throw RowFault(.badTitle, .title)
        }
        let days = try row.days(today: today)
        let (body, home) = try organisation(try row.needed(.organisation))
        let area = try postArea(row[.area], home)
        let (person, isNew) = try person(name, phone, unit: nil)
        let key = "\(person.text)/\(body.text)/\(role.code)/\(area.id.text)"
        let planned = overlay?.state.withLock { $0.posts[key] } ?? []
        if planned.contains(where: { $0 == days }) { return .same }
        if planned.contains(where: { $0.0 <= days.to && $0.1 >= days.from }) { throw RowFault(.postOverlaps, .from) }
        if !isNew {
            let found = try read.first(
                """
                select id, from_day, to_day, title from directory_post
                where person_id = \(person) and organisation_id = \(body) and role = \(role) and area_id = \(area.id)
                    and from_day <= \(days.to) and to_day >= \(days.from) order by id limit 1
                """
            ) { (id: try $0.id(0, PostTag.self), from: try $0.day(1), to: try $0.day(2), title: try $0.text(3)) }
            if let found {
                // A row before, or somebody meanwhile: the same answer as the check gave.
                if found.id.raw > record.id.raw {
                    guard (found.from, found.to) == days else { throw RowFault(.postOverlaps, .from) }
                    return .same
                }
                let others: SQL = """
                    person_id = \(person) and organisation_id = \(body) and role = \(role) and area_id = \(area.id)
                        and id <> \(found.id)
                    """
                return try change(
                    found.id, found.title, title, (found.from, found.to), days, role, row, of: person, others)
            }
        }
        if !isNew { try proveSeparate(role, person, days) }
        overlay?.state.withLock { state in
            state.posts[key, default: []].append(days)
            if Role.separate.contains(role) { state.separate[person, default: []].append((role, days.from, days.to)) }
        }
        guard let write else { return .fresh }
        let id: PostID = world.id()
        try DirectoryStore.insertPost(
            id, person: person, organisation: body, role: role, area: area.id, title: title, from: days.from,
            to: days.to, at: now, write)
        try journal.audit(
            AuditEntry(
                area: area.estate ?? area.id, actor: actor?.person,
                post: actor?.post(for: .directoryEdit, at: area.path)?.id, verb: "import.post", subject: id.raw,
                detail: "\(person.text) \(role.code) \(area.id.text) \(days.from) \(days.to)"), at: now, write)
        made.append((.post, id.raw, Self.mark(days) + title))
        return .fresh
    }

    /// Refuses what would put two separate posts into one hand, those of the rows before among them.
    private func proveSeparate(_ role: Role, _ person: PersonID, _ days: (from: Day, to: Day)) throws {
        guard Role.separate.contains(role) else { return }
        let isPlanned =
            overlay?.state.withLock { state in
                state.separate[person, default: []].contains {
                    $0.role != role && $0.from <= days.to && $0.to >= days.from
                }
            } ?? false
        if isPlanned, try SecurityStore.policy(at: now, read)?.combines != true {
            throw RowFault(.separatePosts, .role)
        }
        if try Separation.isBroken(by: role, of: person, from: days.from, to: days.to, at: now, read) {
            throw RowFault(.separatePosts, .role)
        }
    }

    private func change(
        _ id: PostID, _ known: String, _ title: String, _ knownDays: (Day, Day), _ days: (from: Day, to: Day),
        _ role: Role, _ row: ImportRow, of person: PersonID, _ others: SQL
    ) throws -> RowOutcome {
        let from = row[.from].isEmpty ? knownDays.0 : days.from
        let to = row[.to].isEmpty ? knownDays.1 : days.to
        guard from <= to else { throw RowFault(.datesReversed, .to) }
        let isTitleSame = title.isEmpty || title == known
        if isTitleSame, (from, to) == knownDays { return .same }
        guard try conflict() else { return .skipped }
        if role.verbs.contains(.directoryEdit), (from, to) != knownDays {
            throw RowFault(.lastAdministrator, .to)
        }
        if (from, to) != knownDays {
            let other = try read.first(
                "select id from directory_post where \(others) and from_day <= \(to) and to_day >= \(from) limit 1"
            ) { try $0.int(0) }
            guard other == nil else { throw RowFault(.postOverlaps, .from) }
            try proveSeparate(role, person, (from, to))
        }
        guard let write else { return .changed }
        try write.run(
            """
            update directory_post set from_day = \(from), to_day = \(to), title = \(title.isEmpty ? known : title)
            where id = \(id)
            """)
        try journal.audit(
            AuditEntry(
                area: root.ids.last ?? AreaID(0), actor: actor?.person, verb: "post.change", subject: id.raw,
                detail: "\(from) \(to)"), at: now, write)
        return .changed
    }

    private func organisation(_ name: String) throws -> (OrganisationID, Area) {
        let found = try read.query(
            """
            select o.id, \(DirectoryStore.areaColumns)
            from directory_organisation o join directory_area a on a.id = o.area_id
            where o.name = \(name) and a.path >= \(root.text) and a.path < \(root.upperBound) limit 3
            """
        ) { row -> (OrganisationID, AreaID) in (try row.id(0), try row.id(1)) }
        guard let first = found.first, let area = try DirectoryStore.area(first.1, read) else {
            throw RowFault(.unknownOrganisation, .organisation)
        }
        guard found.count == 1 else { throw RowFault(.severalOrganisations, .organisation) }
        guard actor.map({ $0.may(.directoryEdit, at: area.path) }) ?? true else {
            throw RowFault(.unknownOrganisation, .organisation)
        }
        return (first.0, area)
    }

    private func postArea(_ text: String, _ home: Area) throws -> Area {
        guard !text.isEmpty else { return home }
        let found = try read.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where (a.name = \(text) or (a.code = \(text) and a.code <> '')) and a.path >= \(root.text)
                and a.path < \(root.upperBound) and a.level <= \(AreaLevel.building) limit 30
            """, DirectoryStore.area)
        let inside = found.filter { home.path.contains($0.path) }
        guard !found.isEmpty else { throw RowFault(.unknownArea, .area) }
        guard let area = inside.first else { throw RowFault(.outsideOrganisation, .area) }
        guard inside.count == 1 else { throw RowFault(.severalParents, .area) }
        try reach(area.path, .area)
        return area
    }
}

import Directory
import Kernel
import Storage

/// What near relatives may ask of the data of a person who has died: to look at it and have a copy, to have it
/// corrected or deleted, for their own lawful and legitimate interests and unless the person had arranged otherwise
/// (Personal Information Protection Law art. 49).
extension PrivacyDesk {
    /// So many requests about people who died may one person have open.
    package static let mostRelatives: Int64 = 5
    /// No death is written down before this day.
    private static let earliest = Day(number: -25_567)

    /// Asks about a person who died. Who that is, staff find out; nothing is looked up by the name.
    @discardableResult
    package func askRelative(
        _ sent: RelativeSent, language: Language, by person: PersonID
    ) async throws -> RequestID {
        let (now, day) = (world.now(), today)
        guard (1...40).contains(sent.name.unicodeScalars.count), TextRules.isPlain(sent.name),
            sent.name.contains(where: \.isLetter)
        else { throw PrivacyRefusal.badWords("name") }
        _ = try Self.words(sent.home, "home", 1...100)
        _ = try Self.words(sent.interest, "interest", 2...400)
        _ = try Self.words(sent.proof, "proof", 2...200)
        let said = try Self.words(sent.words, "words", (sent.kind == .correction ? 2 : 0)...1000)
        guard sent.died >= Self.earliest, sent.died <= day else { throw PrivacyRefusal.badDay("died") }
        let calendar = try await calendars.current(at: now)
        let id: RequestID = world.id()
        try await database.write { transaction in
            guard let area = try DirectoryStore.area(sent.estate, transaction), area.level == .estate else {
                throw PrivacyRefusal.badChoice("estate")
            }
            guard try RelativeStore.open(of: person, transaction) < Self.mostRelatives else {
                throw PrivacyRefusal.tooManyRelatives
            }
            let workdays = Int(try LawLimitStore.value(.requestWorkdays, transaction))
            guard
                try RequestStore.insert(
                    id, of: person, kind: sent.kind, dead: sent.name, area: area.id, words: said, status: .waiting,
                    language: language, due: calendar.after(day, workdays: workdays), act: nil, at: now, transaction)
            else { throw PrivacyRefusal.requestOpen }
            try RelativeStore.insert(id, sent, transaction)
            try audit("privacy.relative.ask", id.raw, sent.kind.code, at: area.id, by: person, transaction)
            try tellHandlers(.relativeAsks, id, at: area, day, now, transaction)
        }
        return id
    }

    private func tellHandlers(
        _ notice: PrivacyNoticeKind, _ id: RequestID, at area: Area, _ day: Day, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        let people = Set(
            try DirectoryStore.colleagues(at: area.path, may: .privacyHandle, on: day, transaction).map(\.person))
        let link = "/desk/privacy/requests/\(id.text)"
        for person in people.sorted() { try tell(notice, [], link, person, now, transaction) }
    }

    /// A relative's request within reach of who handles such requests, and the post by which. Anything else is as good
    /// as missing. Nobody decides about what they asked themselves.
    private func handled(
        _ id: RequestID, by actor: Actor, stops: Bool = false, _ transaction: any ReadTransaction
    ) throws -> (request: PrivacyRequest, relative: Relative, area: Area, post: Post, person: PersonID) {
        let found = try relativeRequest(id, by: actor, transaction)
        guard found.request.person != found.person else { throw PrivacyRefusal.ownRequest }
        guard found.request.awaitsDecision || stops && found.request.mayStop else { throw PrivacyRefusal.requestOver }
        return found
    }

    package func relativeRequest(
        _ id: RequestID, by actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (request: PrivacyRequest, relative: Relative, area: Area, post: Post, person: PersonID) {
        guard let person = actor.person, let request = try RequestStore.load(id, transaction),
            let relative = request.relative, let area = try DirectoryStore.area(request.area, transaction),
            let post = actor.post(for: .privacyHandle, at: area.path)
        else { throw PrivacyRefusal.notFound }
        return (request, relative, area, post, person)
    }

    /// Says who it is that died, chosen among the people of the estate, and what was seen of it. From then on nobody is
    /// signed in as that person any more; where the person had arranged that nobody may ask, the request is refused.
    ///
    /// - Parameters:
    ///   - day: of the death, as the papers have it.
    ///   - evidence: what was seen, in words; no copies are kept.
    ///   - endsHomes: the person's homes within reach end on that day.
    package func identify(
        _ id: RequestID, dead: PersonID, on day: Day, evidence: String, endsHomes: Bool, was seen: Int64,
        by actor: Actor
    ) async throws {
        let (now, today) = (world.now(), today)
        try await database.write { [hooks, journal] transaction in
            let (request, relative, area, post, person) = try handled(id, by: actor, transaction)
            let said = try Self.words(evidence, "evidence", 2...400)
            guard relative.dead == nil else { throw PrivacyRefusal.identified }
            guard day >= Self.earliest, day <= today else { throw PrivacyRefusal.badDay("died") }
            guard dead != request.person, dead != person else { throw PrivacyRefusal.badChoice("dead") }
            guard try Deceased.isOf(area.id, dead, transaction) else { throw PrivacyRefusal.notFound }
            guard try Deceased.isWithin(dead, of: actor, .privacyHandle, on: today, transaction) else {
                throw PrivacyRefusal.deadElsewhere
            }
            guard
                try RelativeStore.step(id, was: seen, act: nil, answer: "", transaction),
                try RelativeStore.identify(
                    id, dead: dead, day: day, evidence: said, by: person, at: now, transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            let ways = try Deceased.endAccess(dead, transaction)
            let homes =
                try endsHomes
                ? HomeEndActions.died(
                    dead, on: day, by: actor, .privacyHandle, at: now, journal: journal, hooks: hooks, transaction) : []
            try RelativeStore.ended(id, homes, transaction)
            try audit(
                "privacy.relative.identify", id.raw, "\(dead.text) \(day) ways=\(ways) homes=\(homes.count) \(said)",
                at: area.id, by: person, post, transaction)
            // Somebody of whom it is not true reads it at the next sign-in.
            try tell(.saidDead, [], "/my/privacy", dead, now, transaction)
            if try ArrangementStore.last(dead, transaction).arrangement.nobody {
                try refuse(request, .kinArranged, from: .waiting, at: now, by: person, post, transaction)
            }
        }
    }

    /// Refuses with a reason of the house's own.
    private func refuse(
        _ request: PrivacyRequest, _ why: Phrase, from status: RequestStatus, at now: Instant, by person: PersonID?,
        _ post: Post?, _ transaction: any WriteTransaction
    ) throws {
        guard
            try RequestStore.move(
                request.id, from: status, to: .refused, answer: why.text(request.language), by: person, at: now,
                transaction)
        else { throw PrivacyRefusal.changedMeanwhile }
        try audit(
            "privacy.relative.refuse", request.id.raw, why.en, at: request.area, by: person, post, transaction)
        try tell(.answered, [], "/my/privacy", request.person, now, transaction)
    }

    /// Decides what a relative asked. Accepted, a copy is made for the relative, a correction counts as made, and a
    /// deletion closes the account of the person who died after the pause that every closing has. In that pause it can
    /// still be refused.
    ///
    /// - Parameter words: what was corrected, or why it is refused; may be empty where a copy or a deletion is
    ///   accepted.
    package func decideRelative(
        _ id: RequestID, accept: Bool, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        let (now, today) = (world.now(), today)
        try await database.write { [world] transaction in
            let (request, relative, area, post, person) = try handled(id, by: actor, stops: !accept, transaction)
            let needsWords = !accept || request.kind == .correction
            guard !needsWords || !words.isEmpty else { throw PrivacyRefusal.reasonNeeded }
            let said = try Self.words(words, "answer", (needsWords ? 1 : 0)...1000)
            guard accept else {
                guard
                    try RequestStore.move(
                        id, from: .waiting, to: .refused, answer: said, by: person, was: seen, at: now, transaction)
                else { throw PrivacyRefusal.changedMeanwhile }
                try Jobs(nextID: world.nextID).cancel(kind: PrivacyWork.closeJob, key: id.text, transaction)
                try audit(
                    "privacy.relative.refuse", id.raw, said, at: area.id, by: person, post, transaction)
                return try tell(.answered, [], "/my/privacy", request.person, now, transaction)
            }
            guard let dead = relative.dead else { throw PrivacyRefusal.identifyFirst }
            guard try Deceased.isWithin(dead, of: actor, .privacyHandle, on: today, transaction) else {
                throw PrivacyRefusal.deadElsewhere
            }
            guard request.version == seen, try RelativeStore.accept(id, by: person, at: now, transaction) else {
                throw PrivacyRefusal.changedMeanwhile
            }
            // What the person arranged holds to the last moment.
            if try ArrangementStore.last(dead, transaction).arrangement.nobody {
                return try refuse(request, .kinArranged, from: .waiting, at: now, by: person, post, transaction)
            }
            let jobs = Jobs(nextID: world.nextID)
            let isDone: Bool
            switch request.kind {
            case .copy:
                isDone = try RequestStore.move(
                    id, from: .waiting, to: .underWay, answer: said, by: person, was: seen, at: now, transaction)
                try jobs.schedule(
                    kind: PrivacyWork.copyJob, area: area.id, subject: id.raw, due: now, key: id.text, transaction)
            case .correction:
                isDone = try RequestStore.move(
                    id, from: .waiting, to: .done, answer: said, by: person, was: seen, at: now, transaction)
            case .closing:
                guard try DirectoryStore.posts(of: dead, on: today, transaction).isEmpty else {
                    throw PrivacyRefusal.deadPosts
                }
                guard try Deceased.mayHandOver(childrenOf: dead, on: today, transaction) else {
                    throw PrivacyRefusal.deadGuardian
                }
                let act = now.adding(days: Int(try LawLimitStore.value(.closingDays, transaction)))
                isDone = try RelativeStore.step(id, was: seen, act: act, answer: said, transaction)
                try jobs.schedule(
                    kind: PrivacyWork.closeJob, area: area.id, subject: id.raw, due: act, key: id.text, transaction)
            }
            guard isDone else { throw PrivacyRefusal.changedMeanwhile }
            try audit(
                "privacy.relative.accept", id.raw, "\(request.kind.code) \(dead.text) \(said)", at: area.id, by: person,
                post, transaction)
            try tell(.answered, [], "/my/privacy", request.person, now, transaction)
        }
    }

    /// Says that one is not dead: what a relative asked ends, a copy that lies ready for them goes, and homes that ended
    /// because of it are one's own again. Who handles such requests is told.
    package func alive(_ id: RequestID, by person: PersonID) async throws {
        let (now, today) = (world.now(), today)
        try await database.write { [world, journal] transaction in
            guard let request = try RequestStore.load(id, transaction), request.relative?.dead == person else {
                throw PrivacyRefusal.notFound
            }
            let isErasing = request.status == .underWay && request.kind == .closing
            guard !isErasing, try RelativeStore.object(id, at: now, transaction) else {
                throw PrivacyRefusal.requestOver
            }
            let homes = try HomeEndActions.revived(
                person, try RelativeStore.homes(of: id, transaction), at: now, journal: journal, transaction)
            if request.status.isOpen {
                try refuse(request, .kinAlive, from: request.status, at: now, by: person, nil, transaction)
            }
            try RequestStore.forgetFile(id, transaction)
            try RequestStore.setFile(id, bytes: 0, transaction)
            for kind in [PrivacyWork.closeJob, PrivacyWork.copyJob] {
                try Jobs(nextID: world.nextID).cancel(kind: kind, key: id.text, transaction)
            }
            try audit("privacy.relative.alive", id.raw, "homes=\(homes)", at: request.area, by: person, transaction)
            if let area = try DirectoryStore.area(request.area, transaction) {
                try tellHandlers(.saidAlive, id, at: area, today, now, transaction)
            }
        }
    }

    /// Writes down what one wants of one's data after one's death; it holds until one writes down something else.
    ///
    /// - Parameters:
    ///   - excluded: names of tables that relatives do not get.
    ///   - all: the tables that they would get.
    package func arrange(_ one: Arrangement, of all: [String], by person: PersonID) async throws {
        let now = world.now()
        guard one.excluded.allSatisfy(all.contains) else { throw PrivacyRefusal.badChoice("excluded") }
        let kept = Arrangement(nobody: one.nobody, excluded: all.filter(one.excluded.contains))
        try await database.write { transaction in
            let (number, last) = try ArrangementStore.last(person, transaction)
            guard last != kept else { return }
            guard try ArrangementStore.add(person, number + 1, kept, at: now, transaction) else {
                throw PrivacyRefusal.changedMeanwhile
            }
            try audit(
                "privacy.arrange", person.raw, "\(kept.nobody) \(kept.excluded.joined(separator: " "))", by: person,
                transaction)
        }
    }

    /// That somebody looked for who it is that died, before any name is shown.
    func lookedForDead(_ id: RequestID, _ name: String, by actor: Actor) async throws {
        try await database.write { transaction in
            let (_, _, area, post, person) = try handled(id, by: actor, transaction)
            try audit("privacy.relative.look", id.raw, name, at: area.id, by: person, post, transaction)
        }
    }
}

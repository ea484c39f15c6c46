import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The same as the pages do, as JSON.
extension PrivacyHouse {
    private struct NoticeAnswer: Asked {
        let number: Int64
        let accept: Bool
        init(_ ask: Ask) throws {
            number = try ask.body("number", .whole(1...1_000_000), "The version that was read.")
            accept = try ask.body("accept", .flag)
        }
    }
    private struct NoticeAsked: Asked {
        let from: Day
        let zh: String
        let en: String
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            from = try ask.body("from", .day)
            zh = try ask.body("zh", .text(20...PrivacyNotice.longestZh))
            en = try ask.body("en", .text(20...PrivacyNotice.longestEn))
            why = try ask.body("why", .text(1...400))
            version = try ask.body("version", .whole(0...1_000_000), "The last one until now; 0 for the first.")
        }
    }
    private struct ConsentAsked: Asked {
        let purpose: String
        let given: Bool
        init(_ ask: Ask) throws {
            purpose = try ask.body("purpose", .text(2...40))
            given = try ask.body("given", .flag, "False withdraws.")
        }
    }
    private struct RequestAsked: Asked {
        let kind: RequestKind
        let words: String
        let confirm: Bool
        init(_ ask: Ask) throws {
            kind = try ask.body("kind", PrivacyShapes.kind)
            words = try ask.body.optional("words", .text(0...1000), "Of a correction.") ?? ""
            confirm = try ask.body.optional("confirm", .flag, "To close the account.") ?? false
        }
    }
    private struct RequestNamed: Asked {
        let id: RequestID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct AnswerAsked: Asked {
        let id: RequestID
        let done: Bool
        let answer: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            done = try ask.body("done", .flag)
            answer = try ask.body("answer", .text(1...1000), "What was done, or why not.")
            version = try ask.body("version", .whole(0...1_000_000))
        }
    }
    private struct PurposeAsked: Asked {
        let purpose: Purpose
        init(_ ask: Ask) throws {
            purpose = Purpose(
                code: try ask.body("code", .text(2...40)),
                version: try ask.body("version", .whole(0...1_000_000), "The last one; 0 for a new purpose.") + 1,
                basis: try ask.body("basis", PrivacyShapes.basis), separate: try ask.body("separate", .flag),
                zh: try ask.body("zh", .text(1...60)), en: try ask.body("en", .text(1...100)),
                aboutZh: try ask.body("about_zh", .text(1...400)), aboutEn: try ask.body("about_en", .text(1...800)),
                source: try ask.body("source", .text(1...200)), since: try ask.body("since", .day),
                inForce: try ask.body("in_force", .flag))
        }
    }
    private struct PeriodAsked: Asked {
        let name: String
        let days: Int64
        let source: String
        let since: Day
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            name = try ask.body("class", .text(1...40))
            days = try ask.body("days", .whole(1...36_500))
            source = try ask.body("source", .text(1...200))
            since = try ask.body("since", .day)
            why = try ask.body("why", .text(1...400))
            version = try ask.body("version", .whole(0...1_000_000))
        }
    }
    private struct LimitAsked: Asked {
        let limit: LawLimit
        init(_ ask: Ask) throws {
            limit = LawLimit(
                key: try ask.body("key", PrivacyShapes.limitKey), value: try ask.body("value", .whole(1...3650)),
                source: try ask.body("source", .text(1...200)), since: try ask.body("since", .day),
                version: try ask.body("version", .whole(1...1_000_000)))
        }
    }
    private struct PageAsked: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }
    private struct RecordsAsked: Asked {
        let kind: RecordKind
        let paging: Paging
        init(_ ask: Ask) throws {
            kind = try ask.query("kind", PrivacyShapes.recordKind)
            paging = try Paging(ask)
        }
    }
    private struct RecordVersionsAsked: Asked {
        let id: RecordID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct RecordAsked: Asked {
        let kind: RecordKind
        let id: RecordID?
        let version: Int64
        let sent: RecordSent
        init(_ ask: Ask) throws {
            kind = try ask.body("kind", PrivacyShapes.recordKind)
            id = try ask.body.optional("id", .id(), "Of the entry to change; a new one when not said.")
            version = try ask.body.optional("version", .whole(0...1_000_000), "Of the entry to change.") ?? 0
            let title = try ask.body("title", .text(1...100))
            var fields: [String: String] = [:]
            let names = Set(RecordKind.allCases.flatMap { $0.fields.map(\.name) })
            for name in names.sorted() {
                fields[name] = try ask.body.optional(name, .text(0...1000), "A field of its kind.")
            }
            sent = RecordSent(
                title: title, fields: fields,
                known: try ask.body.optional("known", .time, "Of a breach."),
                reported: try ask.body.optional("reported", .time), told: try ask.body.optional("told", .time),
                ended: try ask.body.optional("ended", .flag) ?? false,
                why: try ask.body.optional("why", .text(0...200), "Why an entry is changed; needed for a change.") ?? ""
            )
        }
    }

    func noticeAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/notice", .everyone, API(nil, "The privacy notice in force."), Nothing.self,
            PrivacyShapes.ownNotice
        ) { _, call in
            let day = today
            let person = call.actor.person
            let (notice, accepted) = try await database.read { transaction -> (PrivacyNotice?, Instant?) in
                let notice = try NoticeStore.current(on: day, transaction)
                guard let person, let notice else { return (notice, nil) }
                return (notice, try NoticeStore.accepted(person, notice.number, transaction))
            }
            return .ok(
                PrivacyShapes.OwnNotice(
                    notice: notice, accepted: accepted, awaits: call.context.awaitsNotice))
        }
        table.post(
            "/api/v1/me/notice", .signedIn,
            API(
                .account, "Accepts or declines the privacy notice; not by token.",
                refuses: [PrivacyRefusal.noticeReplaced]), NoticeAnswer.self, .nothing
        ) { asked, call in
            try await desk.answerNotice(
                asked.number, accept: asked.accept, channel: "api", by: directory.person(call.context))
            return .done
        }
        table.get(
            "/api/v1/privacy/notices", .verb(.privacyEdit), API(.rules, "Every version of the notice."),
            PageAsked.self, PrivacyShapes.notice.slices
        ) { asked, _ in
            let limit = asked.paging.limit
            var before: Int64?
            if let cursor = asked.paging.cursor {
                guard let number = Int64(cursor) else { throw WebRefusal.badField("cursor") }
                before = number
            }
            let bound = before
            let rows = try await database.read { try NoticeStore.all(before: bound, limit: limit + 1, $0) }
            return .ok(Slice(rows, limit: limit) { String($0.number) })
        }
        table.post(
            "/api/v1/privacy/notices", .verb(.privacyEdit),
            API(
                .rules, "Publishes a version of the notice.",
                refuses: [PrivacyRefusal.changedMeanwhile, PrivacyRefusal.badDay(""), PrivacyRefusal.notFound]),
            NoticeAsked.self, Made.shape, makes: true
        ) { asked, call in
            let number = try await desk.publishNotice(
                zh: asked.zh, en: asked.en, from: asked.from, why: asked.why, was: asked.version, by: call.actor)
            return .made(Made(String(number)))
        }
    }

    func myAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me/privacy", .signedIn,
            API(.account, "The notice, one's consents and requests; not by token."), Nothing.self, PrivacyShapes.mine
        ) { _, call in .ok(try await mine(directory.person(call.context))) }
        table.post(
            "/api/v1/me/privacy/consents", .signedIn,
            API(
                .account, "Gives or withdraws a consent; not by token.",
                refuses: [PrivacyRefusal.notConsent, PrivacyRefusal.changedMeanwhile]), ConsentAsked.self, .nothing
        ) { asked, call in
            try await desk.consent(
                asked.purpose, given: asked.given, channel: "api", by: directory.person(call.context))
            return .done
        }
        table.post(
            "/api/v1/me/privacy/requests", .signedIn,
            API(
                .account, "Asks for a copy, a correction or the closing of the account; not by token.",
                refuses: [PrivacyRefusal.requestOpen, PrivacyRefusal.postsFirst]), RequestAsked.self, Made.shape,
            makes: true
        ) { asked, call in
            let id = try await desk.ask(
                asked.kind, words: asked.words, confirmed: asked.confirm,
                language: call.context.preferences.language, by: directory.person(call.context))
            return .made(Made(id.text))
        }
        table.post(
            "/api/v1/me/privacy/requests/:id/withdrawal", .signedIn,
            API(
                .account, "Takes one's request back; not by token.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.requestOver]), RequestNamed.self, .nothing
        ) { asked, call in
            try await desk.takeBack(asked.id, by: directory.person(call.context))
            return .done
        }
        table.get(
            "/api/v1/me/privacy/requests/:id/file", .signedIn,
            API(.account, "The copy of everything that is held; not by token.", refuses: [PrivacyRefusal.notFound]),
            RequestNamed.self, type: "application/json"
        ) { asked, call in try await file(asked.id, .json, directory.person(call.context)) }
    }

    func deskAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/privacy/requests", .verb(.privacyHandle), API(.homes, "Requests of people in reach."),
            PageAsked.self, PrivacyShapes.staffRequest.slices
        ) { asked, call in
            let scope = try call.actor.scope(.privacyHandle)
            let limit = asked.paging.limit
            let before: RequestID? = try asked.paging.id()
            let rows = try await database.read {
                try RequestStore.all(in: scope, before: before, limit: limit + 1, $0)
            }
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/privacy/requests/:id/answer", .verb(.privacyHandle),
            API(
                .homes, "Answers a request for a correction.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.requestOver]), AnswerAsked.self, .nothing
        ) { asked, call in
            try await desk.answer(
                asked.id, done: asked.done, words: asked.answer, was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/privacy/purposes", .verb(.privacyEdit), API(.rules, "Purposes with their legal bases."),
            Nothing.self, PrivacyShapes.purpose.slices
        ) { _, _ in .ok(Slice(try await database.read { try ConsentStore.purposes($0) })) }
        table.post(
            "/api/v1/privacy/purposes", .verb(.privacyEdit),
            API(
                .rules, "Makes a purpose or its next version.",
                refuses: [PrivacyRefusal.changedMeanwhile, PrivacyRefusal.notFound]), PurposeAsked.self, .nothing
        ) { asked, call in
            try await desk.putPurpose(asked.purpose, by: call.actor)
            return .done
        }
        periodAPI(table)
        table.get(
            "/api/v1/privacy/limits", .verb(.privacyEdit), API(.rules, "Limits of law on personal data."),
            Nothing.self, PrivacyShapes.limit.slices
        ) { _, _ in .ok(Slice(try await database.read { try LawLimitStore.all($0) })) }
        table.post(
            "/api/v1/privacy/limits", .verb(.privacyEdit),
            API(.rules, "Changes a limit.", refuses: [PrivacyRefusal.changedMeanwhile, PrivacyRefusal.notFound]),
            LimitAsked.self, .nothing
        ) { asked, call in
            try await desk.setLimit(asked.limit, was: asked.limit.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/privacy/records", .verb(.privacyEdit),
            API(.rules, "Entries of a register.", refuses: [PrivacyRefusal.notFound]), RecordsAsked.self,
            PrivacyShapes.record.slices
        ) { asked, call in
            _ = try desk.editor(call.actor)
            let limit = asked.paging.limit
            let before: RecordID? = try asked.paging.id()
            let rows = try await database.read {
                try RecordStore.all(asked.kind, before: before, limit: limit + 1, $0)
            }
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/privacy/records", .verb(.privacyEdit),
            API(
                .rules, "Enters into a register, or changes an entry.",
                refuses: [PrivacyRefusal.changedMeanwhile, PrivacyRefusal.notFound]), RecordAsked.self, Made.shape,
            makes: true
        ) { asked, call in
            let id = try await desk.putRecord(
                asked.kind, asked.id, asked.sent, was: asked.version, by: call.actor)
            return .made(Made(id.text))
        }
        table.get(
            "/api/v1/privacy/records/:id/versions", .verb(.privacyEdit),
            API(.rules, "Every version of one entry, the newest first.", refuses: [PrivacyRefusal.notFound]),
            RecordVersionsAsked.self, PrivacyShapes.record.slices
        ) { asked, call in
            _ = try desk.editor(call.actor)
            let rows = try await database.read { try RecordStore.versions(asked.id, limit: 50, $0) }
            guard !rows.isEmpty else { throw PrivacyRefusal.notFound }
            return .ok(Slice(rows))
        }
    }

    private func periodAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/privacy/periods", .verb(.privacyEdit), API(.rules, "How long each class of data is kept."),
            Nothing.self, PrivacyShapes.period.slices
        ) { _, _ in
            let classes = classes
            return .ok(
                Slice(
                    try await database.read { transaction in
                        try classes.compactMap { try PeriodStore.history($0.name, transaction).first }
                    }))
        }
        table.post(
            "/api/v1/privacy/periods", .verb(.privacyEdit),
            API(
                .rules, "Sets another period; never a shorter one than law asks.",
                refuses: [
                    PrivacyRefusal.changedMeanwhile, PrivacyRefusal.fewerThanLaw(""), PrivacyRefusal.notFound,
                ]), PeriodAsked.self, .nothing
        ) { asked, call in
            try await desk.setPeriod(
                asked.name, days: asked.days, source: asked.source, since: asked.since, why: asked.why,
                was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/privacy/deletions", .verb(.privacyEdit), API(.rules, "What each day's run deleted."),
            PageAsked.self, PrivacyShapes.deletion.slices
        ) { asked, _ in
            var before: Day?
            if let cursor = asked.paging.cursor {
                guard let day = LocalInput.day(cursor) else { throw WebRefusal.badField("cursor") }
                before = day
            }
            let bound = before
            // Days are given whole: at most a hundred classes of one day follow the last.
            let rows = try await database.read { try PeriodStore.deletions(before: bound, limit: 500, $0) }
            var shown: [Deletion] = []
            var next: String?
            for row in rows {
                if shown.count >= asked.paging.limit, row.run != shown.last?.run {
                    next = shown.last?.run.description
                    break
                }
                shown.append(row)
            }
            return .ok(Slice(shown, next: next))
        }
    }
}

import Hummingbird
import Kernel
import Storage
import Web

/// What staff keep, as JSON: homes to check, invitations, the duty roster, the working calendar.
extension DirectoryHouse {
    struct PageAsked: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }
    struct AreaAsked: Asked {
        let id: AreaID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct DecisionAsked: Asked {
        let id: ID<HomeTag>
        let accept: Bool
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            accept = try ask.body("accept", .flag)
        }
    }
    private struct InvitationAsked: Asked {
        let unit: AreaID
        let relation: HomeRelation
        let from: Day?
        let to: Day?
        init(_ ask: Ask) throws {
            unit = try ask.body("unit", .id())
            relation = try ask.body("relation", DirectoryShapes.relation)
            from = try ask.body.optional("from", .day, "The first day of the home.")
            to = try ask.body.optional("to", .day, "The last.")
        }
    }
    private struct DigestAsked: Asked {
        let id: String
        init(_ ask: Ask) throws { id = try ask.path("id", .text(1...100)) }
    }
    private struct YearAsked: Asked {
        let year: Int64
        static let years = Shape<Int64>.whole(
            Int64(StaffActions.years.lowerBound)...Int64(StaffActions.years.upperBound))
        init(_ ask: Ask) throws { year = try ask.path("year", Self.years) }
    }
    private struct DayAsked: Asked {
        let day: Day
        let kind: String
        let name: String
        let source: String
        let from: Instant?
        let version: Int64?
        init(_ ask: Ask) throws {
            day = try ask.body("day", .day)
            kind = try ask.body("kind", DirectoryShapes.dayKind, "`makeUp` is a worked day of a weekend.")
            name = try ask.body.optional("name", .text(0...40), "Of the holiday.") ?? ""
            source = try ask.body("source", .text(1...120), "The notice that says so.")
            from = try ask.body.optional("from", .time, "At once when not said.")
            version = try ask.body.optional("version", Self.versions, "The newest of `/rules` that was seen.")
        }
        private static let versions = Shape<Int64>.whole(0...1_000_000_000)
    }
    private struct ConfirmAsked: Asked {
        let year: Int64
        let source: String
        init(_ ask: Ask) throws {
            year = try ask.path("year", YearAsked.years)
            source = try ask.body("source", .text(1...120), "The notice that says so.")
        }
    }

    func homeAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/homes", .verb(.residentApprove), API(.homes, "Homes that wait to be checked."), PageAsked.self,
            DirectoryShapes.waiting.slices
        ) { asked, call in
            let scope = try call.actor.scope(.residentApprove)
            let after: ID<HomeTag>? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await database.read {
                try DirectoryStore.waitingHomes(scope, after: after?.raw ?? 0, limit: limit + 1, $0)
            }
            return .ok(Slice(rows.sorted { $0.id < $1.id }, limit: limit) { ID<HomeTag>($0.id).text })
        }
        table.post(
            "/api/v1/homes/:id/decision", .verb(.residentApprove),
            API(
                .homes, "Accepts or refuses what somebody asked for.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.homeDecidedAlready, DirectoryRefusal.noPost]),
            DecisionAsked.self, .nothing
        ) { asked, call in
            try await homes.decide(asked.id.raw, accept: asked.accept, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/invitations", .verb(.residentApprove), API(.homes, "Invitations that nobody has used."),
            PageAsked.self, DirectoryShapes.invitation.slices
        ) { asked, call in
            let scope = try call.actor.scope(.residentApprove)
            let now = world.now()
            let limit = asked.paging.limit
            var after: [UInt8] = []
            if let cursor = asked.paging.cursor {
                guard let digest = Base64URL.decode(cursor) else { throw WebRefusal.badField("cursor") }
                after = digest
            }
            let from = after
            let rows = try await database.read {
                try HomeStore.invitations(scope, at: now, after: from, limit: limit + 1, $0)
            }
            return .ok(Slice(rows, limit: limit) { Base64URL.encode($0.digest) })
        }
        table.post(
            "/api/v1/invitations", .verb(.residentApprove),
            API(
                .homes, "Invites somebody to a unit.",
                refuses: [DirectoryRefusal.noSuchUnit, DirectoryRefusal.badInvitationDates], repeats: .once),
            InvitationAsked.self, DirectoryShapes.secret, makes: true
        ) { asked, call in
            .made(
                try await homes.invite(
                    to: asked.unit, relation: asked.relation, from: asked.from, to: asked.to, by: call.actor))
        }
        table.post(
            "/api/v1/invitations/:id/revocation", .verb(.residentApprove),
            API(
                .homes, "Takes an invitation back.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.invitationGone]), DigestAsked.self, .nothing
        ) { asked, call in
            guard let digest = Base64URL.decode(asked.id) else { throw DirectoryRefusal.notFound }
            try await homes.revokeInvitation(digest, by: call.actor)
            return .done
        }
    }

    func calendarAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/calendar/:year", .verb(.calendarEdit),
            API(.rules, "The days of a year that differ from their weekday.", isSingle: true), YearAsked.self,
            DirectoryShapes.year
        ) { asked, _ in
            let year = Int(asked.year)
            return .ok(
                try await database.read { transaction in
                    DirectoryShapes.Year(
                        year: asked.year, source: try CalendarStore.source(of: year, transaction),
                        days: try CalendarStore.days(of: year, transaction).map {
                            DirectoryShapes.CalendarDay(
                                day: $0.day, isRest: $0.kind == 1, name: $0.name, source: $0.source)
                        })
                })
        }
        table.post(
            "/api/v1/calendar/days", .verb(.calendarEdit),
            API(
                .rules, "Says what a day is.",
                refuses: [
                    DirectoryRefusal.yearOutOfRange, DirectoryRefusal.badSource, DirectoryRefusal.noPost,
                    DirectoryRefusal.badStart, DirectoryRefusal.changedMeanwhile,
                ]),
            DayAsked.self, .nothing
        ) { asked, call in
            guard let kind = DayKind(code: asked.kind, name: asked.name) else { throw WebRefusal.badField("kind") }
            try await staff.changeDay(
                asked.day, to: kind, source: asked.source, from: asked.from, seen: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/calendar/:year/confirmation", .verb(.calendarEdit),
            API(.rules, "Says that a year is as its notice has it.", refuses: [DirectoryRefusal.badSource]),
            ConfirmAsked.self, .nothing
        ) { asked, call in
            try await staff.confirmYear(Int(asked.year), source: asked.source, by: call.actor)
            return .done
        }
    }
}

import Kernel
import Storage
import Web

extension DirectoryShapes {
    static let homeRecord = Shape<HomeRecord>.object("HomeRecord") {
        Member("id", .id()) { ID<HomeTag>($0.id) }
        Member("name", .words) { $0.name }
        Member("phone", Shape<String>.words.orNull, "Masked; for those who check homes.") { $0.phone }
        Member("unit", .id()) { $0.unit }
        Member("place", .words) { $0.place }
        Member("relation", relation) { $0.relation }
        Member("from", .day) { $0.from }
        Member("to", lastDay) { last($0.to) }
    }
}

/// Homes that end and numbers that change, as JSON.
extension DirectoryHouse {
    private static let wasSeen = "`to` as it was seen; none where it was null."
    private struct HomeNamed: Asked {
        let id: ID<HomeTag>
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct OwnEnd: Asked {
        let id: ID<HomeTag>
        let day: Day
        let was: Day
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            day = try ask.body("day", .day, "The last day.")
            was = try ask.body.optional("was", .day, DirectoryHouse.wasSeen) ?? HomeStore.forever
        }
    }
    private struct StaffEnd: Asked {
        let id: ID<HomeTag>
        let day: Day
        let was: Day
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            day = try ask.body("day", .day, "The last day; yesterday ends it at once.")
            was = try ask.body.optional("was", .day, DirectoryHouse.wasSeen) ?? HomeStore.forever
            why = try ask.body("why", .text(1...120), "This is recorded.")
        }
    }
    private struct NewPhone: Asked {
        let phone: String
        init(_ ask: Ask) throws { phone = try ask.body("phone", .text(1...40), "The new number.") }
    }
    private struct OwnPhone: Asked {
        let phone: String
        let code: String
        let password: String
        init(_ ask: Ask) throws {
            phone = try ask.body("phone", .text(1...40), "The new number.")
            code = try ask.body("code", .text(1...20), "The one that was sent there.")
            password = try ask.body.optional("password", .text(0...128), "For whoever has one.") ?? ""
        }
    }
    private struct StaffPhone: Asked {
        let id: ID<HomeTag>
        let phone: String
        let was: String
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            phone = try ask.body("phone", .text(1...40), "The new number.")
            was = try ask.body("was", .text(0...40), "The masked number that was seen.")
            why = try ask.body("why", .text(1...120), "This is recorded; no number stands in it.")
        }
    }

    func homeEndAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me/homes/others", .signedIn,
            API(.account, "Tenants and family in the units that one owns, at most 100; not by token."), Nothing.self,
            DirectoryShapes.homeRecord.slices
        ) { _, call in
            .ok(Slice(try await othersAtHome(person(call.context), call.actor)))
        }
        table.post(
            "/api/v1/me/homes/:id/end", .signedIn,
            API(
                .account, "Ends one's own home, or that of a tenant or family in a unit that one owns; not by token.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.changedMeanwhile, HomeRefusal.badEndDay]),
            OwnEnd.self, .nothing
        ) { asked, call in
            _ = try person(call.context)
            try await homeEnds.end(asked.id.raw, on: asked.day, was: asked.was, .own, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/homes/:id", .verb(.residentApprove),
            API(.homes, "A home that was accepted.", refuses: [DirectoryRefusal.notFound], isSingle: true),
            HomeNamed.self, DirectoryShapes.homeRecord
        ) { asked, call in .ok(try await homeRecord(asked.id.raw, isStaff: true, call.actor)) }
        table.post(
            "/api/v1/homes/:id/end", .verb(.residentApprove),
            API(
                .homes, "Ends a home; children, and vehicles when nobody is left, end with it.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.changedMeanwhile, DirectoryRefusal.badWhy,
                    HomeRefusal.badEndDay,
                ]), StaffEnd.self, .nothing
        ) { asked, call in
            try await homeEnds.end(
                asked.id.raw, on: asked.day, was: asked.was, .staff(why: asked.why), by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/homes/:id/phone", .verb(.residentApprove),
            API(
                .homes, "Corrects the number of somebody at home here; every session and token of theirs ends.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.changedMeanwhile, DirectoryRefusal.badWhy,
                    DirectoryRefusal.badPhone, HomeRefusal.numberTaken, HomeRefusal.ownNumber, HomeRefusal.staffNumber,
                ], repeats: .none), StaffPhone.self, .nothing
        ) { asked, call in
            try await phones.correct(
                asked.id.raw, to: asked.phone, was: asked.was, why: asked.why, by: call.actor)
            return .done
        }
        phoneAPI(table)
    }

    private func phoneAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/me/phone/code", .signedIn,
            API(
                .account, "Sends a code to the number that one wants to have; not by token.",
                refuses: [DirectoryRefusal.badPhone, DirectoryRefusal.codeTooSoon, DirectoryRefusal.codesNotSent],
                repeats: .none), NewPhone.self, DirectoryShapes.shown
        ) { asked, call in
            _ = try person(call.context)
            return .ok(try await signIn.requestCode(phone: asked.phone))
        }
        table.post(
            "/api/v1/me/phone", .signedIn,
            API(
                .account, "Gives oneself another number; other sessions end; not by token.",
                refuses: [
                    DirectoryRefusal.wrongCode, DirectoryRefusal.badPhone, DirectoryRefusal.locked,
                    DirectoryRefusal.changedMeanwhile, HomeRefusal.numberTaken,
                ], repeats: .none), OwnPhone.self, .nothing
        ) { asked, call in
            try await phones.change(
                of: person(call.context), to: asked.phone, code: asked.code, password: asked.password,
                keeping: call.context.session)
            return .done
        }
    }
}

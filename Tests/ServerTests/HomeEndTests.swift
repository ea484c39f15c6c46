import Governance
import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Server

/// Homes that end, what goes with them, and numbers that are corrected.
@Suite struct HomeEndTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }

    /// The home of somebody of the demo: its id and its last day.
    private func home(_ person: PersonID, _ h: TestHouse) async throws -> (id: Int64, to: Day, unit: AreaID) {
        try #require(
            try await h.house.database.read {
                try $0.first(
                    "select id, to_day, unit_id from directory_home where person_id = \(person) order by id desc limit 1"
                ) { (try $0.int(0), try $0.day(1), try $0.id(2)) }
            })
    }
    private func text(_ id: Int64) -> String { ID<HomeTag>(id).text }

    /// Somebody new, at home in a unit.
    private func settle(
        _ name: String, _ relation: HomeRelation, in unit: AreaID, from: Day, phone: String? = nil, _ h: TestHouse
    ) async throws -> PersonID {
        let (id, row): (PersonID, Int64) = (h.house.world.id(), h.house.world.nextID())
        let sealed = try phone.flatMap { Phone($0) }.map {
            try h.house.secrets.seal($0, person: id, world: h.house.world)
        }
        let now = h.still.now
        try await h.house.database.write { transaction in
            let area = try #require(try DirectoryStore.area(unit, transaction))
            try DirectoryStore.insertPerson(id, name: name, phone: sealed, at: now, transaction)
            _ = try DirectoryStore.insertHome(
                person: id, unit: area, relation: relation, active: true, from: from, to: HomeStore.forever,
                decidedBy: nil, id: row, at: now, transaction)
        }
        return id
    }

    private func post(
        _ session: TestHouse.Session, _ path: String, _ fields: [String: String], _ h: TestHouse
    ) async throws -> Int {
        try await h.json(
            session, .post, "/api/v1/" + path,
            .object(fields.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
            headers: session.bearer == nil ? ["X-Form-Token": session.form] : [:]
        ).status
    }

    private func actor(of person: PersonID, _ h: TestHouse) async throws -> Actor {
        let today = today(h)
        return try #require(try await h.house.database.read { try DirectoryStore.actor(person, on: today, $0) })
    }

    private func bind(_ plate: String, by person: PersonID, in unit: AreaID, _ h: TestHouse) async throws {
        try await h.house.governance.desk.addVehicle(plate, to: unit, by: try await actor(of: person, h))
    }

    private func plates(_ session: TestHouse.Session, _ h: TestHouse) async throws -> [String] {
        try await h.json(session, .get, "/api/v1/my/vehicles").json()["items"]?.items.compactMap {
            $0["plate_masked"]?.stringValue
        } ?? []
    }

    /// Whether the last row about a subject was written for exactly this.
    private func audited(
        _ verb: String, _ subject: Int64, by login: String, _ detail: String, _ h: TestHouse
    ) async throws -> Bool {
        let actor = try await h.actor(h.program(login))
        let row = try #require(
            try await h.house.database.read {
                try $0.first(
                    """
                    select id, area_id, at_ms, post_id, digest from storage_audit
                    where verb = \(verb) and subject_id = \(subject) order by id desc limit 1
                    """
                ) {
                    (
                        try $0.int(0), try $0.id(1, AreaTag.self), try $0.instant(2),
                        try $0.optionalID(3, PostTag.self), try $0.bytes(4)
                    )
                }
            })
        return AuditDigest.proves(
            row.4, id: row.0, at: row.2,
            AuditEntry(area: row.1, actor: actor.person, post: row.3, verb: verb, subject: subject, detail: detail),
            auditKey: h.house.secrets.auditBytes)
    }

    // MARK: Homes

    @Test func staffEndAHomeWithAReasonAndAccessEndsWithTheDay() async throws {
        try await TestHouse.with { h in
            let tenant = try await person("tenant", h)
            let (id, to, unit) = try await home(tenant, h)
            let today = today(h)
            let session = try await h.signIn("tenant")
            try await bind("赣B12345", by: tenant, in: unit, h)
            #expect(try await plates(session, h) == ["赣B***45"])
            let desk = try await h.signIn("desk")
            let path = "/desk/homes/\(text(id))/person"
            let page = try await h.send(desk, .get, path)
            #expect(page.status == 200 && page.text.contains("林小雨") && page.text.contains("138****0003"))
            #expect(try await h.send(desk, .get, "/desk/areas/\(unit.text)").text.contains(path))
            // Another estate's staff, and nobody else, is told that it is there.
            let far = try await h.signIn("desk2")
            let form = ["way": "end", "day": "\(today)", "was": "\(to)", "why": "退租"]
            #expect(try await h.send(far, .get, path).status == 404)
            #expect(try await h.send(far, .post, path, form: form).status == 404)
            let body = ["day": "\(today)", "was": "\(to)", "why": "退租"]
            let own = ["day": "\(today)", "was": "\(to)"]
            #expect(try await post(far, "homes/\(text(id))/end", body, h) == 404)
            #expect(try await h.json(far, .get, "/api/v1/homes/\(text(id))").status == 404)
            #expect(try await post(try await h.signIn("resident"), "homes/\(text(id))/end", body, h) == 403)
            #expect(try await post(try await h.signIn("resident"), "me/homes/\(text(id))/end", own, h) == 404)
            // Each refusal, and what was typed stays.
            for (day, why) in [
                (today.adding(-2), "退租"), (to, "退租"), (to.adding(1), "退租"), (today, ""), (today.adding(-400), "退租"),
            ] {
                let sent = form.merging(["day": "\(day)", "why": why]) { $1 }
                let back = try await h.send(desk, .post, path, form: sent)
                #expect(back.status == 422 && back.text.contains("value=\"\(day)\""), "\(day) \(why)")
            }
            #expect(try await h.send(desk, .post, path, form: form.merging(["day": "x"]) { $1 }).status == 422)
            let stale = body.merging(["was": "\(to.adding(-1))"]) { $1 }
            #expect(try await post(desk, "homes/\(text(id))/end", stale, h) == 409)
            #expect(try await count("select count(*) from storage_audit where verb = 'home.end'", h) == 0)
            // To a later day first: nothing changes until then.
            #expect(
                try await post(desk, "homes/\(text(id))/end", body.merging(["day": "\(today.adding(9))"]) { $1 }, h)
                    == 204)
            #expect(try await h.actor(session).homes.count == 1)
            #expect(try await plates(session, h).count == 1)
            #expect(
                try await h.send(desk, .get, "/desk/find?q=\(TestHouse.encoded("林小雨"))").text.contains("138****0003"))
            // Then at once.
            let last = form.merging(["was": "\(today.adding(9))", "day": "\(today.adding(-1))"]) { $1 }
            let done = try await h.send(desk, .post, path, form: last)
            #expect(done.status == 303 && done.headers[.location] == "/desk/areas/\(unit.text)")
            #expect(try await h.send(desk, .post, path, form: last).status == 409)
            #expect(try await h.actor(session).homes.isEmpty)
            #expect(
                try await !h.send(desk, .get, "/desk/find?q=\(TestHouse.encoded("林小雨"))").text.contains("138****0003"))
            #expect(
                try await count(
                    "select count(*) from directory_household where unit_id = \(unit) and to_day = \(today.adding(-1))",
                    h)
                    == 1)
            #expect(
                try await count(
                    """
                    select count(*) from governance_vehicle where unit_id = \(unit) and to_day = \(today.adding(-1))
                        and version = 3
                    """, h) == 1)
            #expect(
                try await count(
                    """
                    select count(*) from storage_audit where verb = 'home.end' and subject_id = \(id)
                    """, h) == 2)
            #expect(try await audited("home.end", id, by: "desk", "\(today.adding(-1)) left=1 退租", h))
            let told = try await h.send(session, .get, "/messages").text
            #expect(told.contains("7 号楼") && told.contains("\(today.adding(-1)) 为止"))
            // Whoever comes next sees nothing of it, and the plate is free.
            let next = try await settle("新房客", .tenant, in: unit, from: today, phone: "13800009001", h)
            let housemates = try await h.house.database.read {
                try HouseholdStore.housemates(of: next, in: [unit], on: today, $0)
            }
            #expect(housemates[unit]?.people == [next])
            try await bind("赣B12345", by: next, in: unit, h)
            #expect(
                try await count("select count(distinct household_id) from directory_home where unit_id = \(unit)", h)
                    == 2)
        }
    }

    @Test func twoWhoEndAHomeAtOnceAreNotBothBelieved() async throws {
        try await TestHouse.with { h in
            let tenant = try await person("tenant", h)
            let (id, to, _) = try await home(tenant, h)
            let today = today(h)
            let desk = try await h.actor(h.program("desk"))
            let own = try await actor(of: tenant, h)
            let ends = h.house.directory.homeEnds
            @Sendable func end(_ day: Day, _ way: HomeEndActions.Way, _ by: Actor) async throws -> DirectoryRefusal? {
                do {
                    try await ends.end(id, on: day, was: to, way, by: by)
                    return nil
                } catch let refusal as DirectoryRefusal {
                    return refusal
                }
            }
            async let one = end(today.adding(3), .staff(why: "退租"), desk)
            async let two = end(today.adding(5), .own, own)
            let both = try await [one, two]
            #expect(both.contains(nil) && both.contains(.changedMeanwhile))
            #expect(try await count("select count(*) from storage_audit where verb = 'home.end'", h) == 1)
        }
    }

    @Test func anOwnerEndsTenantsAndFamilyAndOneselfAndTheLastOwnerMayLeave() async throws {
        try await TestHouse.with { h in
            let owner = try await person("resident", h)
            let (own, to, unit) = try await home(owner, h)
            let family = try await home(try await person("family", h), h)
            try await h.house.database.write { transaction in
                try transaction.run("delete from governance_vehicle where unit_id = \(unit)")
            }
            let today = today(h)
            let tenant = try await settle("房客甲", .tenant, in: unit, from: today, phone: "13800009002", h)
            let co = try await settle("共有人", .coOwner, in: unit, from: today, phone: "13800009003", h)
            let (lease, forever, _) = try await home(tenant, h)
            let session = try await h.signIn("resident")
            let others = try await h.json(session, .get, "/api/v1/me/homes/others").json()["items"]?.items ?? []
            #expect(Set(others.compactMap { $0["name"]?.stringValue }) == ["王磊", "房客甲"])
            #expect(others.allSatisfy { $0["phone"]?.isNull == true })
            let page = try await h.send(session, .get, "/my/homes")
            #expect(page.text.contains("房客甲") && !page.text.contains("共有人"))
            #expect(try await h.send(session, .get, "/my/homes/\(text(lease))").status == 200)
            // Not a co-owner, not by token, not yesterday; family ends nobody, neighbours neither.
            let share = try await home(co, h)
            let form = ["way": "end", "day": "\(today)", "was": "\(forever)"]
            #expect(try await h.send(session, .post, "/my/homes/\(text(share.id))", form: form).status == 404)
            #expect(try await h.send(session, .get, "/my/homes/\(text(share.id))").status == 404)
            #expect(
                try await post(try h.program("resident"), "me/homes/\(text(own))/end", ["day": "\(today)"], h) == 403)
            let late = form.merging(["day": "\(today.adding(-1))"]) { $1 }
            #expect(try await h.send(session, .post, "/my/homes/\(text(lease))", form: late).status == 422)
            for login in ["family", "tenant", "resident2", "resident3"] {
                let other = try await h.signIn(login)
                #expect(
                    try await h.send(other, .post, "/my/homes/\(text(lease))", form: form).status == 404, "\(login)")
                #expect(try await h.send(other, .get, "/my/homes/\(text(own))").status == 404, "\(login)")
            }
            // The tenant's own vehicle goes with the tenant, though owner and family stay; the owner's stays.
            try await bind("赣B11111", by: tenant, in: unit, h)
            try await bind("赣B22222", by: owner, in: unit, h)
            try await h.house.database.write { transaction in
                try transaction.run("update directory_home set to_day = \(today) where id = \(family.id)")
            }
            #expect(try await h.send(session, .post, "/my/homes/\(text(lease))", form: form).status == 303)
            #expect(
                try await count(
                    """
                    select count(*) from governance_vehicle where unit_id = \(unit) and to_day = \(today)
                        and created_by = \(tenant)
                    """, h) == 1)
            #expect(
                try await count(
                    "select count(*) from governance_vehicle where created_by = \(owner) and to_day > \(today)", h) == 1
            )
            #expect(try await count("select count(*) from messaging_item where person_id = \(tenant)", h) == 1)
            h.still.advance(ms: Instant.dayMs)
            #expect(try await actor(of: tenant, h).homes.isEmpty)
            // The next tenant, who came while the owner's household goes on, sees neither.
            let next = try await settle("房客乙", .tenant, in: unit, from: today.adding(1), h)
            let seen = try await h.house.database.read { transaction in
                try HouseholdStore.housemates(of: next, in: [unit], on: today.adding(1), transaction)[unit]
            }
            #expect(seen?.people.contains(tenant) == false && seen?.since == today.adding(1))
            // Oneself, and the last owner.
            for (one, day) in [(share.id, today.adding(1)), (own, today.adding(1))] {
                let who = one == own ? owner : co
                let was = one == own ? to : forever
                try await h.house.directory.homeEnds.end(
                    one, on: day, was: was, .own, by: try await actor(of: who, h))
            }
            h.still.advance(ms: Instant.dayMs)
            #expect(try await actor(of: owner, h).homes.isEmpty)
            #expect(try await count("select count(*) from messaging_item where person_id = \(co)", h) == 0)
        }
    }

    @Test func childrenLeaveWithTheirGuardianAndVehiclesStayWhileSomebodyOfTheHouseholdDoes() async throws {
        try await TestHouse.with { h in
            let owner = try await person("resident", h)
            let (own, to, unit) = try await home(owner, h)
            let family = try await home(try await person("family", h), h)
            try await h.house.database.write { transaction in
                try transaction.run("delete from governance_vehicle where unit_id = \(unit)")
            }
            let session = try await h.signIn("resident")
            let child = ["name": "小宝", "birth": "2018-05", "unit": unit.text]
            let sent = child.merging(["agrees": "1"]) { $1 }
            #expect(try await h.send(session, .post, "/my/household", form: sent).status == 303)
            try await bind("赣B33333", by: owner, in: unit, h)
            let today = today(h)
            let body = ["day": "\(today)", "was": "\(to)"]
            #expect(try await post(session, "me/homes/\(text(own))/end", body, h) == 204)
            #expect(
                try await count(
                    """
                    select count(*) from directory_home h join directory_minor m on m.person_id = h.person_id
                    where h.unit_id = \(unit) and h.to_day = \(today)
                    """, h) == 1)
            #expect(try await count("select count(*) from storage_audit where verb = 'home.end'", h) == 2)
            // The family is still there: the vehicle too.
            #expect(try await plates(try await h.signIn("family"), h) == ["赣B***33"])
            let desk = try await h.signIn("desk")
            let last = ["day": "\(today.adding(2))", "was": "\(family.to)", "why": "房子卖了"]
            #expect(try await post(desk, "homes/\(text(family.id))/end", last, h) == 204)
            #expect(
                try await count(
                    "select count(*) from governance_vehicle where unit_id = \(unit) and to_day = \(today.adding(2))", h
                )
                    == 1)
            #expect(
                try await count(
                    "select count(*) from directory_household where unit_id = \(unit) and to_day = \(today.adding(2))",
                    h)
                    == 1)
            // A later owner neither sees it nor ends it.
            h.still.advance(ms: Instant.dayMs)
            let next = try await settle("新业主", .owner, in: unit, from: today.adding(1), h)
            let vehicle = try await h.house.database.read {
                try $0.first("select id, version from governance_vehicle where unit_id = \(unit)") {
                    (try $0.int(0), try $0.int(1))
                }
            }
            let (id, version) = try #require(vehicle)
            let (later, governance) = (try await actor(of: next, h), h.house.governance.desk)
            await #expect(throws: GovernanceRefusal.notFound) {
                try await governance.endVehicle(ID<VehicleTag>(id), was: version, by: later)
            }
            let seen = try await h.house.database.read {
                try VehicleStore.of([unit], seenBy: next, on: today.adding(1), $0).count
            }
            #expect(seen == 0)
            #expect(
                try await h.house.database.read {
                    try VehicleStore.of([unit], seenBy: owner, on: today, $0).count
                } == 1)
        }
    }

    // MARK: Numbers

    private func signInByCode(_ phone: String, _ h: TestHouse) async throws -> PersonID? {
        let signIn = h.house.directory.signIn
        let code = try #require(try await signIn.requestCode(phone: phone))
        guard case .entered(let entry) = try await signIn.byCode(phone: phone, code: code, chosen: nil, device: "")
        else { return nil }
        return entry.started?.person
    }

    private func shownCode(_ page: String) throws -> String {
        String(try #require(page.firstMatch(of: /验证码就在这里：(\d{6})/)).1)
    }

    @Test func onesOwnNumberIsChangedByACodeAndThePassword() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident2", h)
            let password = try h.account("resident2").password
            let session = try await h.signIn("resident2")
            let other = try await h.signIn("resident2")
            #expect(try await h.send(session, .get, "/me/phone").text.contains("138****0002"))
            #expect(
                try await h.send(session, .post, "/me/phone", form: ["way": "code", "phone": "123"]).status == 422)
            let sent = try await h.send(
                session, .post, "/me/phone", form: ["way": "code", "phone": "139 0000 7777"])
            let code = try shownCode(sent.text)
            let form = ["way": "change", "phone": "13900007777", "code": code, "password": password]
            let wrong = form.merging(["password": "nothing of the kind"]) { $1 }
            #expect(try await h.send(session, .post, "/me/phone", form: wrong).status == 422)
            let bad = form.merging(["code": code == "000000" ? "000001" : "000000"]) { $1 }
            #expect(try await h.send(session, .post, "/me/phone", form: bad).status == 422)
            #expect(try await post(try h.program("resident2"), "me/phone", form.filter { $0.key != "way" }, h) == 403)
            #expect(
                try await count("select tries from directory_code order by sent_ms desc limit 1", h) == 1)
            // A code that was sent to the old number is worth nothing afterwards.
            _ = try await h.house.directory.signIn.requestCode(phone: "13800000002")
            let done = try await h.send(session, .post, "/me/phone", form: form)
            #expect(done.status == 200 && done.text.contains("139****7777"))
            #expect(try await count("select count(*) from directory_code where expires_ms > 0", h) == 0)
            #expect(try await h.send(session, .get, "/me").status == 200)
            #expect(try await h.send(other, .get, "/me").status == 303)
            // The same code again, and the same number.
            #expect(try await h.send(session, .post, "/me/phone", form: form).status == 422)
            h.still.advance(minutes: 2)
            #expect(try await signInByCode("13900007777", h) == resident)
            #expect(try await signInByCode("13800000002", h) != resident)
            #expect(
                try await count(
                    """
                    select count(*) from storage_audit where verb = 'person.phone' and subject_id = \(resident)
                    """, h) == 1)
            #expect(try await h.send(session, .get, "/messages").text.contains("139****7777"))
            let sealed = try await h.house.database.read { try DirectoryStore.phone(of: resident, $0)?.sealed }
            #expect(try h.house.secrets.open(try #require(sealed), person: resident) == "13900007777")
            let found = try await h.send(try await h.signIn("desk"), .get, "/desk/find?q=7777").text
            #expect(found.contains("刘建国"))
            // A number of somebody else: refused after its code, without a name.
            let taken = try await h.send(
                session, .post, "/me/phone", form: ["way": "code", "phone": "13800000004"])
            let again = form.merging(["phone": "13800000004", "code": try shownCode(taken.text)]) { $1 }
            let no = try await h.send(session, .post, "/me/phone", form: again)
            #expect(no.status == 409 && !no.text.contains("马兰"))
        }
    }

    @Test func staffCorrectANumberOfSomebodyAtHomeInTheirReach() async throws {
        try await TestHouse.with { h in
            let tenant = try await person("tenant", h)
            let (id, to, unit) = try await home(tenant, h)
            let path = "homes/\(text(id))/phone"
            let body = ["phone": "13900008888", "was": "138****0003", "why": "本人到前台核对"]
            let session = try await h.signIn("tenant")
            let desk = try await h.signIn("desk")
            #expect(try await post(try await h.signIn("desk2"), path, body, h) == 404)
            #expect(try await post(session, path, body, h) == 403)
            for (field, value, status) in [
                ("phone", "01012345678", 422), ("phone", "13800000003", 422), ("phone", "13800000004", 409),
                ("was", "138****0009", 409), ("why", "旧号13800000003", 422),
            ] {
                #expect(
                    try await post(desk, path, body.merging([field: value]) { $1 }, h) == status, "\(field) \(value)")
            }
            // Neither one's own, nor that of staff beyond one's reach.
            let clerk = try await h.actor(desk)
            let mine = try #require(clerk.person)
            let grid = try await person("grid", h)
            let steward = try await person("steward", h)
            let (today, now) = (today(h), h.still.now)
            let rows: [(PersonID, Int64)] = [mine, grid, steward].map { ($0, h.house.world.nextID()) }
            try await h.house.database.write { transaction in
                let area = try #require(try DirectoryStore.area(unit, transaction))
                for (person, row) in rows {
                    _ = try DirectoryStore.insertHome(
                        person: person, unit: area, relation: .coOwner, active: true, from: today,
                        to: HomeStore.forever, decidedBy: nil, id: row, at: now, transaction)
                }
            }
            for (row, was, status) in [
                (rows[0].1, "138****0011", 403), (rows[1].1, "138****0013", 403), (rows[2].1, "138****0012", 204),
            ] {
                let sent = body.merging(["was": was, "phone": "13900009\(status)"]) { $1 }
                #expect(try await post(desk, "homes/\(text(row))/phone", sent, h) == status, "\(was)")
            }
            // Two at once: the second is told.
            let phones = h.house.directory.phones
            @Sendable func correct(_ phone: String) async throws -> DirectoryRefusal? {
                do {
                    try await phones.correct(id, to: phone, was: "138****0003", why: "核对", by: clerk)
                    return nil
                } catch let refusal as DirectoryRefusal {
                    return refusal
                }
            }
            async let one = correct("13900008881")
            async let two = correct("13900008882")
            let both = try await [one, two]
            #expect(both.contains(nil) && both.contains(.changedMeanwhile))
            let masked = both[0] == nil ? "139****8881" : "139****8882"
            let form = ["way": "phone", "phone": "13900008888", "was": masked, "why": "再核对一次"]
            let done = try await h.send(desk, .post, "/desk/homes/\(text(id))/person", form: form)
            #expect(done.status == 303)
            // Whoever was signed in is not any more, nor their program; the old number is nobody's.
            #expect(try await h.send(session, .get, "/me").status == 303)
            #expect(try await h.send(try h.program("tenant"), .get, "/api/v1/me").status == 401)
            #expect(try await signInByCode("13900008888", h) == tenant)
            #expect(try await signInByCode("13800000003", h) != tenant)
            #expect(
                try await count(
                    """
                    select count(*) from storage_audit where verb = 'person.phone' and subject_id = \(tenant)
                    """, h) == 2)
            // The reason and nothing else.
            #expect(try await audited("person.phone", tenant.raw, by: "desk", "再核对一次", h))
            #expect(
                try await h.send(try await h.signIn("tenant"), .get, "/messages").text.contains("139****8888"))
            // A home that is over is no reach any more.
            try await h.house.directory.homeEnds.end(
                id, on: today.adding(-1), was: to, .staff(why: "退租"), by: clerk)
            #expect(
                try await post(desk, path, body.merging(["was": "139****8888", "phone": "13900008890"]) { $1 }, h)
                    == 404)
        }
    }
}

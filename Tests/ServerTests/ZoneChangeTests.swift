import Directory
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Governance
@testable import Server

/// Parts of grids that come and go, and the sizes that are usual.
@Suite struct ZoneChangeTests {
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? 0 }
    }

    @Test func partsComeAndGoInTheEditionThatWasSeenAndOnePlaceStaysInOneGrid() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let five = try await h.area("5 号楼", under: guihua)
            let six = try await h.area("6 号楼", under: guihua)
            let one = try await h.area("1 号楼", under: guihua)
            let far = try await h.area("1 号楼", under: try await h.area("领秀新都"))
            let program = try h.program("approver")
            let zones = try await h.json(program, .get, "/api/v1/zones").json()["items"]?.items ?? []
            let grid = try #require(zones.first { $0["name"]?.stringValue == "桂花第一网格" })
            #expect(grid["usual_least"]?.intValue == 300 && grid["usual_most"]?.intValue == 500)
            let id = try #require(grid["id"]?.stringValue)
            let here = "/api/v1/zones/\(id)"
            func change(
                _ add: [AreaID], _ remove: [AreaID], version: Int64, households: Int64? = nil
            ) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, here + "/parts",
                    .object(
                        [
                            ("add", .array(add.map { .string($0.text) })),
                            ("remove", .array(remove.map { .string($0.text) })), ("version", .int(version)),
                        ] + (households.map { [("households", .int($0))] } ?? [])))
            }
            func parts() async throws -> Set<String> {
                let items = try await h.json(program, .get, here).json()["parts"]?.items ?? []
                return Set(items.compactMap(\.stringValue))
            }
            let before = try await parts()
            #expect(before.count == 4 && before.contains(one.text))
            #expect(try await code(change([far], [], version: 1)) == "partOutside")
            #expect(try await code(change([one], [], version: 1)) == "buildingInOtherZone")
            #expect(try await code(change([guihua], [], version: 1)) == "buildingInOtherZone")
            #expect(try await code(change([], [five], version: 1)) == "badChoice")
            #expect(try await code(change([five], [five], version: 1)) == "badChoice")
            #expect(try await code(change([], [], version: 1)) == "badChoice")
            let ids = before.compactMap { AreaID(text: $0) }
            #expect(try await code(change([], ids, version: 1)) == "zoneWithoutParts")
            #expect(try await parts() == before)
            #expect(try await change([five], [one], version: 1, households: 280).status == 204)
            #expect(try await code(change([six], [], version: 1)) == "changedMeanwhile")
            #expect(try await parts() == before.subtracting([one.text]).union([five.text]))
            // Who and when, by program and on the page; too small for a grid now.
            let changes = try await h.json(program, .get, here).json()["changes"]?.items ?? []
            #expect(changes.map { $0["added"]?.boolValue } == [true, false])
            #expect(changes.map { $0["part"]?.stringValue } == [five.text, one.text])
            #expect(changes.allSatisfy { ($0["by"]?.stringValue ?? "").isEmpty == false })
            let page = try await h.send(try await h.signIn("approver"), .get, "/desk/zones/\(id)").text
            #expect(page.contains("楼的变动") && page.contains("划出") && page.contains("户数偏离常规"))
            // Two editors of one edition, and another grid that wants the same building: one of each holds.
            let actor = try await h.actor(program)
            let desk = h.house.governance.desk
            let raw = try #require(AreaID(text: id)).raw
            let community = try await h.area("桂花社区")
            let kept = await withTaskGroup(of: Int.self) { group in
                for part in [six, one] {
                    group.addTask {
                        do {
                            try await desk.changeParts(of: raw, adding: [part], removing: [], was: 2, by: actor)
                            return 1
                        } catch { return 0 }
                    }
                }
                group.addTask {
                    let zone = GovernanceZone(
                        id: h.house.world.nextID(), kind: .grid, area: community, name: "争", households: 0, ended: nil,
                        version: 1)
                    return (try? await desk.addZone(zone, parts: [six, one], by: actor)) == nil ? 0 : 1
                }
                return await group.reduce(0, +)
            }
            #expect(kept == 1)
            #expect(
                try await count(
                    """
                    select count(*) from (select p.area_id from governance_zone_part p
                    join governance_zone z on z.id = p.zone_id where z.kind = 1 and z.ended_ms is null
                    group by p.area_id having count(*) > 1) t
                    """, h) == 0)
            // Whoever may not see who is in a party zone does not change it.
            let party = try #require(zones.first { $0["kind"]?.stringValue == "partyZone" }?["id"]?.stringValue)
            let refused = try await h.json(
                program, .post, "/api/v1/zones/\(party)/parts",
                .object([("add", .array([.string(five.text)])), ("version", .int(1))]))
            #expect(refused.status == 404)
        }
    }

    @Test func theSizeOfAGridIsALimitOfTheHouseOrOfTheRegionOfItsPlace() async throws {
        try await TestHouse.with { h in
            let program = try h.program("approver")
            let admin = try h.program("administrator")
            func usual() async throws -> [Int64?] {
                let zones = try await h.json(program, .get, "/api/v1/zones").json()["items"]?.items ?? []
                let grid = try #require(zones.first { $0["kind"]?.stringValue == "grid" })
                return [grid["usual_least"]?.intValue, grid["usual_most"]?.intValue]
            }
            func unusual() async throws -> Bool {
                try await h.send(program, .get, "/desk/zones").text.contains("户数偏离常规")
            }
            #expect(try await usual() == [300, 500])
            #expect(try await !unusual())
            let set = try await h.json(
                admin, .post, "/api/v1/limits/gridLeast",
                .object([
                    ("value", .int(330)), ("source", .string("本县网格办法")), ("since", .string("2026-01-01")),
                    ("version", .int(1)),
                ]))
            #expect(set.status == 204)
            #expect(try await usual() == [330, 500])
            #expect(try await unusual())
            for body in [
                [("item", JSON.string("gridLeast")), ("value", .int(200))],
                [("item", .string("gridMost")), ("value", .int(310))],
                [("area", .string(try await h.area("桂花社区").text))],
            ] {
                let answer = try await h.json(
                    admin, .post, "/api/v1/regions",
                    .object([("region", .string("shandong")), ("why", .string("省网格规定"))] + body))
                #expect(answer.status == 204, "\(answer.text)")
            }
            #expect(try await usual() == [200, 310])
            #expect(try await unusual())
            // Limits that contradict each other warn of nothing.
            let most = try await h.json(
                admin, .post, "/api/v1/regions",
                .object([
                    ("region", .string("shandong")), ("why", .string("误")), ("item", .string("gridMost")),
                    ("value", .int(100)),
                ]))
            #expect(most.status == 204)
            #expect(try await usual() == [nil, nil])
            #expect(try await !unusual())
        }
    }
}

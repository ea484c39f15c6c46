import Cases
import Directory
import Kernel
import Storage

/// Rosters, templates, leave and a hand-over note of the demo district, made by the same actions as real ones.
struct DemoCover: Sendable {
    let house: House
    let estate: AreaID
    let community: AreaID
    let staff: [String: (person: PersonID, post: PostID)]

    private struct Missing: Error {}

    private func actor(_ code: String, on day: Day) async throws -> Actor {
        guard let person = staff[code]?.person,
            let actor = try await house.database.read({ try DirectoryStore.actor(person, on: day, $0) })
        else { throw Missing() }
        return actor
    }

    func plant(on day: Day) async throws {
        let (desk, grid) = (try await actor("desk", on: day), try await actor("grid", on: day))
        let moderator = try await actor("moderator", on: day)
        guard let second = staff["steward2"], let committee = staff["committee"], let officer = staff["grid"] else {
            throw Missing()
        }
        let keeper = house.directory.staff
        try await keeper.addPattern(
            ShiftPattern(
                kind: .stewards, place: "值班室", people: [second.person], first: day, last: day.adding(27),
                weekdays: [1, 2, 3, 4, 5], start: 8 * 60, end: 17 * 60, skipsHolidays: true), estate: estate, by: desk)
        try await keeper.addPattern(
            ShiftPattern(
                kind: .hotline, place: "社区", people: [officer.person], first: day, last: day.adding(27),
                weekdays: [1, 2, 3, 4, 5, 6, 7], start: 9 * 60, end: 18 * 60), estate: estate, by: desk)
        let templates = house.cases.templates
        let rows: [(AreaID, TemplateUse, String, String, Actor)] = [
            (estate, .done, "换好了", "已经换好，试过没有问题。", desk),
            (estate, .reply, "办好回话", "您报的{类别}（{编号}）办好了，有问题随时找我们。", desk),
            (estate, .paused, "等配件", "配件已订，到货就来。", desk),
            (community, .returned, "不归小区管", "{编号}不归{小区}管，请打 12345。", grid),
            (community, .publication, "修好了", "{小区}的{类别}已经办好。", moderator),
        ]
        for (area, use, name, body, author) in rows {
            _ = try await templates.add(
                area: area, organisation: nil, use: use, name: name, body: body, why: "常用", by: author)
        }
        let from = Zone.shanghai.instant(day.adding(5), hour: 8)
        _ = try await house.cases.leaves.ask(
            NewLeave(
                post: committee.post, standIn: second.person, from: from, to: from.adding(days: 2), why: "外出学习"),
            by: desk)
        // Whoever of the two is on duty at this hour.
        for code in ["desk", "steward"] {
            do {
                let note = try await house.cases.handoverActions.write(
                    estate: estate, kind: .squads, words: "7 号楼电梯等配件，晚上有人问就说街道在协调。", items: [],
                    by: try await actor(code, on: day))
                try await house.cases.handoverActions.take(note, was: 1, by: grid)
                break
            } catch CoverRefusal.notOnDuty {
                continue
            }
        }
    }
}

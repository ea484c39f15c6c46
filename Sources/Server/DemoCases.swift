import Cases
import Directory
import Foundation
import Kernel
import Messaging
import Storage

/// Plays the demo's cases through the real actions, in a world whose clock is set to when each step happened.
struct DemoCases: Sendable {
    let house: House
    let areas: [String: Area]
    let staff: [String: (person: PersonID, post: PostID)]
    let people: [String: PersonID]

    private enum Step {
        case triage(String), dispatch(String), accept(Int), attend, handle(String), tell(String)
        case rate(Int, String), strike(String), publish(String, String), suspend(PauseReason, String)
        case escalate(String), join(String)
    }

    private struct Play {
        let daysAgo: Int
        let hour: Int
        let minute: Int
        let who: String
        let place: String
        let words: String
        var detail = ""
        /// Minutes after the report, who acts, what.
        let steps: [(Int, String, Step)]
    }

    private var plays: [Play] {
        [
            Play(
                daysAgo: 0, hour: 9, minute: 12, who: "resident", place: "guihua-3-2-502",
                words: "厨房水管漏水，柜子里都湿了",
                steps: [
                    (1, "grid", .triage("leak")), (2, "grid", .dispatch("steward")), (9, "steward", .attend),
                    (27, "steward", .handle("换好角阀，不漏了")), (28, "steward", .tell("角阀换好了，不漏了，柜子也擦干了。")),
                    (34, "resident", .rate(5, "来得快，地也擦干净了")), (50, "approver", .strike("电话回访，看过照片，不漏了")),
                    (60, "moderator", .publish("厨房水管漏水", "物业换了角阀，不漏了。")),
                ]),
            Play(
                daysAgo: 0, hour: 13, minute: 48, who: "resident", place: "guihua-3-2-502",
                words: "厨房下水道堵了。水槽的水下不去，昨天开始返味。我下午都在家。",
                steps: [(2, "grid", .triage("drain")), (4, "grid", .dispatch("steward")), (17, "steward", .accept(75))]),
            Play(
                daysAgo: 1, hour: 19, minute: 5, who: "resident2", place: "guihua-3", words: "二单元五楼楼道灯不亮",
                detail: "2 单元 5 楼",
                steps: [
                    (4, "desk", .triage("power")), (6, "desk", .dispatch("steward2")), (30, "steward2", .attend),
                    (65, "steward2", .handle("换了灯泡")), (66, "desk", .tell("灯泡换好了。")),
                ]),
            Play(
                daysAgo: 2, hour: 8, minute: 5, who: "tenant", place: "guihua-7", words: "电梯停运，老人上不了楼",
                steps: [
                    (15, "desk", .triage("lift")), (16, "desk", .dispatch("steward")), (65, "steward", .attend),
                    (360, "approver", .escalate("缺配件，要动用维修资金，请街道协调")), (420, "street", .dispatch("department")),
                ]),
            Play(
                daysAgo: 2, hour: 19, minute: 40, who: "tenant", place: "guihua-7-1-301", words: "卫生间渗水到楼下",
                steps: [
                    (12, "grid", .triage("leak")), (13, "grid", .dispatch("steward2")), (50, "steward2", .attend),
                    (70, "steward2", .suspend(.waitingForOwner, "等 401 业主周五回来开门")),
                ]),
            Play(
                daysAgo: 3, hour: 10, minute: 20, who: "resident2", place: "guihua-5", words: "隔壁摄像头照到家门口",
                steps: [
                    (45, "grid", .triage("privacy")), (50, "grid", .dispatch("grid")), (310, "grid", .attend),
                    (420, "grid", .handle("四方商量好，镜头转向院门")), (425, "grid", .tell("镜头已经转向院门。")),
                    (500, "resident2", .rate(4, "")), (900, "approver", .strike("现场看过")),
                ]),
            Play(
                daysAgo: 4, hour: 9, minute: 30, who: "resident", place: "guihua-6", words: "楼道有下水味",
                steps: [
                    (10, "desk", .triage("drain")), (11, "desk", .dispatch("steward")), (30, "steward", .attend),
                    (80, "steward", .handle("疏通主管，补了地漏水封")), (85, "steward", .tell("主管疏通了，没味了。")),
                    (200, "resident", .rate(5, "")), (400, "approver", .strike("现场闻过，没有异味")),
                    (420, "moderator", .publish("楼道有下水味", "疏通主管，补了地漏水封。")),
                ]),
            Play(
                daysAgo: 5, hour: 8, minute: 10, who: "resident2", place: "guihua-8", words: "全楼水压低，四楼洗不了澡",
                steps: [
                    (20, "desk", .triage("power")), (25, "desk", .dispatch("steward")), (60, "steward", .attend),
                    (280, "steward", .handle("换了加压泵的压力开关")), (290, "steward", .tell("压力开关换好了，水压正常。")),
                    (600, "resident2", .rate(3, "等得久了点")), (1300, "approver", .strike("回访三户，水压正常")),
                    (1320, "moderator", .publish("全楼水压低", "换了加压泵的压力开关。")),
                ]),
            Play(
                daysAgo: 6, hour: 15, minute: 0, who: "tenant", place: "guihua-2", words: "楼道堆物，四楼旧家具挡路",
                steps: [
                    (30, "grid", .triage("clutter")), (35, "grid", .dispatch("grid")), (90, "grid", .attend),
                    (160, "grid", .handle("旧家具当天搬走了")), (165, "grid", .tell("旧家具搬走了。")),
                    (300, "tenant", .rate(5, "")), (1000, "approver", .strike("照片前后对比")),
                    (1010, "moderator", .publish("楼道堆物", "旧家具当天搬走了。")),
                ]),
            Play(
                daysAgo: 1, hour: 21, minute: 10, who: "resident2", place: "guihua-4", words: "半夜装修吵人",
                steps: [(60, "grid", .triage("neighbour")), (70, "grid", .dispatch("grid"))]),
            Play(
                daysAgo: 0, hour: 8, minute: 20, who: "resident2", place: "guihua", words: "垃圾桶满了没清，北门那边",
                detail: "北门", steps: [(20, "desk", .triage("cleaning"))]),
            Play(
                daysAgo: 0, hour: 10, minute: 5, who: "tenant", place: "guihua-1", words: "香樟枝子压到窗户", steps: []),
            Play(
                daysAgo: 0, hour: 10, minute: 40, who: "tenant", place: "guihua", words: "物业维修拖了三天没人来修，催了也不理",
                steps: []),
            Play(
                daysAgo: 1, hour: 16, minute: 0, who: "resident3", place: "xinglong-1", words: "单元门刷不开",
                steps: [(30, "desk2", .triage("door"))]),
        ]
    }

    func play(until now: Instant) async throws {
        let day = Zone.shanghai.day(of: now)
        let minuteNow = Zone.shanghai.msOfDay(now) / Instant.minuteMs
        for play in plays.sorted(by: { ($0.daysAgo, -$0.hour) > ($1.daysAgo, -$1.hour) }) {
            var start = Zone.shanghai.instant(day.adding(-play.daysAgo), hour: play.hour, minute: play.minute)
            // Today's cases fit into the part of the day that is over.
            if play.daysAgo == 0 {
                let wanted = Int64(play.hour * 60 + play.minute)
                let span = play.steps.filter { $0.1 != "" }.map(\.0).max() ?? 0
                if wanted + Int64(span) >= minuteNow {
                    start = now.adding(minutes: -(span + 12 + (play.hour * 7) % 30))
                }
            }
            try await act(play, start, now)
        }
        try await replies(now)
    }

    private func act(_ play: Play, _ start: Instant, _ now: Instant) async throws {
        let still = StillWorld(at: start, seed: UInt64(play.hour * 60 + play.minute))
        let world = World(now: { still.now }, nextID: house.world.nextID, randomBytes: house.world.randomBytes)
        let cases = CasesHouse(
            database: house.database, world: world, journal: house.cases.journal, secrets: house.secrets,
            attachments: house.cases.attachments, inbox: house.cases.inbox, calendars: house.cases.calendars,
            settings: house.settings, live: house.live)
        guard let area = areas[play.place], let reporter = people[play.who] else { return }
        let name = try await house.database.read { try DirectoryStore.personName(reporter, $0) } ?? ""
        let done = try await cases.actions.register(
            NewCase(
                area: area.id, place: play.detail, words: play.words,
                key: "demo-\(play.daysAgo)-\(play.hour)-\(play.minute)",
                sender: .resident(reporter, name: name)))
        for (minutes, who, step) in play.steps {
            let at = start.adding(minutes: minutes)
            guard at < now else { break }
            still.now = at
            try await perform(step, on: done.id, who, cases, world)
        }
    }

    private func perform(
        _ step: Step, on id: CaseID, _ who: String, _ cases: CasesHouse, _ world: World
    ) async throws {
        let day = Zone.shanghai.day(of: world.now())
        let person = staff[who]?.person ?? people[who]
        guard let person,
            let actor = try await house.database.read({ try DirectoryStore.actor(person, on: day, $0) }),
            let c = try await house.database.read({ try CaseStore.load(id, $0) })
        else { return }
        var input = ActionInput()
        let command: CaseCommand
        switch step {
        case .triage(let code):
            let kinds = try await house.database.read { try CaseHistoryStore.categories($0) }
            guard let category = kinds.first(where: { $0.code == code }) else { return }
            command = .triage(
                .init(category: category, urgency: category.urgency, level: .estate, lead: category.party, about: nil))
        case .dispatch(let target):
            guard let post = staff[target]?.post,
                let colleague = try await house.database.read({
                    try DirectoryStore.colleague(post: post, on: day, $0)
                })
            else { return }
            input.target = colleague
            command = .dispatch(
                to: .init(
                    person: colleague.person, party: colleague.party, family: colleague.family, mayAttend: true))
        case .accept(let minutes):
            input.promise = world.now().adding(minutes: minutes)
            command = .accept
        case .attend: command = .attend
        case .handle(let words): (input.words, command) = (words, .handle)
        case .tell(let words): (input.words, command) = (words, .feedBack)
        case .rate(let score, let words): (input.words, command) = (words, .rate(score: score))
        case .strike(let words): (input.words, command) = (words, .strikeOff)
        case .suspend(let reason, let words):
            input.words = words
            input.expected = world.now().adding(days: 3)
            command = .suspend(reason)
        case .escalate(let words): (input.words, command) = (words, .escalate)
        case .join(_): command = .join
        case .publish(let title, let words):
            guard let post = actor.post(for: .casePublish, at: c.place.path) else { return }
            try await cases.actions.publish(
                id, title: title, place: String(c.place.words.prefix(4)), body: words, by: .post(post, person),
                name: actor.name, version: nil)
            return
        }
        let asker: CaseAsker
        if let verb = command.verb {
            guard let post = actor.post(for: verb, at: c.place.path) else { return }
            asker = .post(post, person)
        } else {
            asker = .resident(person)
        }
        try await cases.actions.perform(command, on: id, by: asker, name: actor.name, input: input)
    }

    private func replies(_ now: Instant) async throws {
        guard let estate = areas["guihua"], let moderator = staff["moderator"] else { return }
        let rows = [
            ("电梯里的广告费去哪儿了？", "去年四季度 12,600 元，进了公共收益账户，用来换 3 号楼的防火门。账目在公告栏。", "物业服务中心"),
            ("公共水电费怎么还是每月 30 元？", "从下月起按表分摊，每户每月 3 元左右。多收的两个月，抵物业费。", "业委会和物业"),
        ]
        for (index, row) in rows.enumerated() {
            let reply = CaseHistoryStore.Reply(
                id: house.world.nextID(), question: row.0, answer: row.1, answeredBy: row.2,
                at: now.adding(days: -1 - index))
            try await house.database.write {
                try CaseHistoryStore.insertReply(reply, estate: estate.id, moderator: moderator.person, $0)
            }
        }
    }
}

import Kernel

@testable import Web

/// The cases of the mock-ups as data, and what the mock-ups draw of them.
enum ScoreCases {
    struct Sample: CustomStringConvertible, Sendable {
        var name: String
        var score: Score
        var figure: String
        var mini: String
        var description: String { name }
    }

    static let all = [
        Sample(name: "leak", score: leakScore, figure: leak, mini: leakMini),
        Sample(name: "camera", score: cameraScore, figure: camera, mini: cameraMini),
        Sample(name: "lift", score: liftScore, figure: lift, mini: liftMini),
        Sample(name: "owner", score: ownerScore, figure: owner, mini: ownerMini),
        Sample(name: "drain", score: drainScore, figure: drain, mini: drainMini),
    ]

    static func score(_ score: Score) -> HTML { score.figure(id: "a", title: "t", description: "d") }

    static func time(_ day: Int, _ hour: Int, _ minute: Int) -> Instant {
        Zone.shanghai.instant(Day(year: 2026, month: 3, day: day) ?? Day(number: 0), hour: hour, minute: minute)
    }

    static func words(_ now: String, day: @escaping @Sendable (Instant) -> String) -> ScoreWords {
        ScoreWords(
            parties: ["社区", "物业", "业委会", "部门", "居民"], now: now, day: day,
            clock: { instant in
                let minutes = Zone.shanghai.msOfDay(instant) / Instant.minuteMs
                return "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
            })
    }
    static let weekdays = ["", "周一", "周二", "周三", "周四", "周五", "周六", "周日"]
    static let words = words("现在") { weekdays[Zone.shanghai.day(of: $0).weekday] }
    static let wordsByDate = words("现在") { "\(Zone.shanghai.day(of: $0).civil.day) 日" }
    static let wordsToday = words("现在 14:32") { _ in "" }

    private static func note(
        _ at: Instant, _ party: Party, _ label: String, _ title: String, to next: Party? = nil,
        _ state: Score.Note.State = .done, fermata: Bool = false
    ) -> Score.Note {
        Score.Note(at: at, party: party, label: label, title: title, state: state, handsTo: next, fermata: fermata)
    }
    private static func hold(
        _ party: Party, _ from: Instant, _ to: Instant, _ state: Score.Hold.State = .onTime
    ) -> Score.Hold {
        Score.Hold(party: party, from: from, to: to, state: state)
    }

    static let leakScore = Score(
        notes: [
            note(time(18, 9, 12), .resident, "报事", "9:12 王阿姨报事", to: .community),
            note(time(18, 9, 14), .community, "派单", "9:14 社区网格员派单", to: .property),
            note(time(18, 9, 21), .property, "上门", "9:21 李师傅上门"),
            note(time(18, 9, 39), .property, "修好", "9:39 换好角阀，不漏了", to: .resident),
            note(time(18, 9, 46), .resident, "满意", "9:46 王阿姨评价：满意", to: .community),
            note(time(18, 10, 2), .community, "销号", "10:02 社区核对后销号"),
        ],
        holds: [
            hold(.community, time(18, 9, 12), time(18, 9, 14)), hold(.property, time(18, 9, 14), time(18, 9, 39)),
            hold(.resident, time(18, 9, 39), time(18, 9, 46)), hold(.community, time(18, 9, 46), time(18, 10, 2)),
        ],
        limits: [.init(at: time(18, 12, 12), label: "上门限时", state: .ahead)],
        slur: .init(from: time(18, 9, 12), to: time(18, 9, 39), label: "27 分钟", onTime: true),
        finishedAt: time(18, 10, 2), words: words)

    static let cameraScore = Score(
        notes: [
            note(time(13, 10, 20), .resident, "报事", "周五 10:20 居民报事", to: .community),
            note(time(13, 11, 5), .community, "受理", "周五 11:05 社区受理"),
            note(time(13, 15, 30), .community, "看现场", "周五 15:30 社区、物业到现场"),
            note(time(13, 15, 30), .property, "", ""),
            note(time(16, 19, 0), .community, "四方协商", "周一 19:00 四方协商", to: .property),
            note(time(16, 19, 0), .property, "", ""), note(time(16, 19, 0), .committee, "", ""),
            note(time(16, 19, 0), .resident, "", ""),
            note(time(17, 16, 40), .property, "挪好", "周二 16:40 摄像头挪好", to: .resident),
            note(time(17, 17, 30), .resident, "满意", "周二 17:30 居民评价：满意", to: .community),
            note(time(18, 9, 10), .community, "销号", "周三 9:10 销号"),
        ],
        holds: [
            hold(.community, time(13, 10, 20), time(16, 19, 0)), hold(.property, time(16, 19, 0), time(17, 16, 40)),
            hold(.resident, time(17, 16, 40), time(17, 17, 30)), hold(.community, time(17, 17, 30), time(18, 9, 10)),
        ],
        limits: [.init(at: time(18, 10, 20), label: "3 个工作日限时", state: .ahead)],
        slur: .init(from: time(13, 10, 20), to: time(18, 9, 10), label: "不到 3 个工作日", onTime: true),
        finishedAt: time(18, 9, 10), words: words)

    static let liftScore = Score(
        notes: [
            note(time(9, 8, 5), .resident, "报事", "3 月 9 日 8:05 居民报事", to: .property),
            note(time(9, 9, 10), .property, "上门", "9:10 物业上门，缺配件"),
            note(time(9, 14, 0), .community, "督办", "14:00 社区督办"),
            note(time(11, 9, 30), .community, "报街道", "11 日 9:30 社区升级到街道", to: .department),
            note(time(11, 15, 0), .department, "接办", "11 日 15:00 街道约谈物业"),
            note(time(13, 20, 0), .committee, "同意", "13 日 20:00 业委会同意动用维修资金", to: .property),
            note(time(19, 12, 0), .property, "修好", "答应 19 日 12:00 前恢复运行", .awaitedLate),
        ],
        holds: [
            hold(.property, time(9, 8, 5), time(9, 12, 10)),
            hold(.property, time(9, 12, 10), time(11, 9, 30), .late),
            hold(.department, time(11, 9, 30), time(13, 20, 0), .late),
            hold(.property, time(13, 20, 0), time(18, 14, 32), .late),
        ],
        limits: [
            .init(at: time(9, 12, 10), label: "处理超时", state: .broken),
            .init(at: time(16, 8, 5), label: "反馈超时", state: .broken),
        ],
        now: time(18, 14, 32), words: wordsByDate)

    static let ownerScore = Score(
        notes: [
            note(time(16, 19, 40), .resident, "报事", "周一 19:40 居民报事", to: .community),
            note(time(16, 19, 52), .community, "派单", "19:52 社区派单", to: .property),
            note(time(16, 20, 30), .property, "上门", "20:30 物业上门"),
            note(time(16, 20, 50), .property, "约业主", "20:50 约 401 业主", to: .resident),
            note(
                time(20, 19, 0), .resident, "开门", "周五 19:00 等 401 业主开门", to: .property, .awaited, fermata: true),
            note(time(20, 20, 20), .property, "修好", "答应周五 20:20 前修好", .awaited),
        ],
        holds: [
            hold(.community, time(16, 19, 40), time(16, 19, 52)), hold(.property, time(16, 19, 52), time(16, 20, 50)),
            hold(.resident, time(16, 20, 50), time(20, 19, 0), .stopped),
        ],
        limits: [.init(at: time(20, 21, 40), label: "处理限时", state: .next)], now: time(18, 14, 32), words: words)

    static let drainScore = Score(
        notes: [
            note(time(18, 13, 48), .resident, "报事", "13:48 您报事", to: .community),
            note(time(18, 13, 52), .community, "派单", "13:52 网格员派单", to: .property),
            note(time(18, 14, 5), .property, "接单", "14:05 李师傅接单"),
            note(time(18, 15, 20), .property, "上门", "答应 15:20 前上门", .awaited),
        ],
        holds: [
            hold(.community, time(18, 13, 48), time(18, 13, 52)), hold(.property, time(18, 13, 52), time(18, 14, 32)),
        ],
        limits: [.init(at: time(18, 16, 48), label: "上门限时", state: .next)], now: time(18, 14, 32), words: wordsToday)

    /// Any history: empty or long, quick or slow, in order or not.
    static func random(_ seed: UInt64) -> Score {
        var random = SeededRandom(seed: seed)
        func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &random)] }
        var at = time(1, 8, 0)
        var notes: [Score.Note] = []
        let labels = ["", "报事", "派单", "看现场", "四方协商", "满意", "9:12", "Reported", "Handed to the street"]
        for _ in 0..<pick([0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30, 200]) {
            at = at.adding(ms: pick([0, 0, 20_000, 60_000, 600_000, 7_200_000, 90_000_000, 900_000_000, -300_000]))
            notes.append(
                Score.Note(
                    at: at, party: pick(Party.allCases), label: pick(labels), title: pick(labels),
                    state: pick([.done, .done, .done, .doneLate, .awaited, .awaitedLate]),
                    handsTo: Bool.random(using: &random) ? pick(Party.allCases) : nil,
                    fermata: pick([false, false, true])))
        }
        func moment() -> Instant {
            at.adding(ms: Int64.random(in: -200_000_000...200_000_000, using: &random) / pick([1, 60, 3600]))
        }
        let holds = (0..<pick([0, 2, 5, 100])).map { _ in
            Score.Hold(
                party: pick(Party.allCases), from: moment(), to: moment(), state: pick([.onTime, .late, .stopped]))
        }
        let limits = (0..<pick([0, 1, 2, 5, 40])).map { _ in
            Score.Limit(at: moment(), label: pick(labels), state: pick([.ahead, .next, .kept, .broken]))
        }
        let isFinished = Bool.random(using: &random)
        return Score(
            notes: notes, holds: holds, limits: limits,
            slur: Bool.random(using: &random) ? .init(from: moment(), to: moment(), label: "27 分钟", onTime: true) : nil,
            now: isFinished ? nil : pick([at, moment(), nil]), finishedAt: isFinished ? pick([at, moment()]) : nil,
            words: pick([words, wordsByDate]))
    }

    // The parts of the mock-ups: class, then x, y, width and height in order; percent or em.
    static let leak = """
        b0 -.6 -.6 3.6 12.8, hold.ok 0 9.9 3.6 3.6, hold.ok 9.9 40.3 5.9 5.9, hold.ok 40.3 50.2 12.8 12.8,\
        hold.ok 50.2 68.4 3.6 3.6, cut 89.9, bar.ahead 100 100 1.6 13.3, fin 68.4, stem 0 0 12.8 3.6,\
        stem 9.9 9.9 3.6 5.9, stem 40.3 40.3 5.9 12.8, stem 50.2 50.2 12.8 3.6, n.d 0 12.8, n.d 9.9 3.6,\
        n.d 19.7 5.9, n.d 40.3 5.9, n.d 50.2 12.8, n.d 68.4 3.6, slur.ok 0 13.55 40.3 1
        """
    static let leakMini = """
        staff 0 2.5 120 0 7.25 120 0 12 120 0 16.75 120 0 21.5 120, hold.ok 5 2.5 15.85,\
        hold.ok 15.85 7.25 49.33, hold.ok 49.33 21.5 60.17, hold.ok 60.17 2.5 80.29, bar.ahead 115 0 24,\
        stem 5 2.5 21.5 15.85 2.5 7.25 49.33 7.25 21.5 60.17 2.5 21.5, fin 80.29 2.5 21.5, n.d 5 21.5 2.9 2.2,\
        n.d 15.85 2.5 2.9 2.2, n.d 26.69 7.25 2.9 2.2, n.d 49.33 7.25 2.9 2.2, n.d 60.17 21.5 2.9 2.2,\
        n.d 80.29 2.5 2.9 2.2
        """
    static let camera = """
        b0 -.6 -.6 3.6 12.8, hold.ok 0 37.4 3.6 3.6, hold.ok 37.4 55.4 5.9 5.9, hold.ok 55.4 62.2 12.8 12.8,\
        hold.ok 62.2 84.7 3.6 3.6, cut 28.4, cut 46.4, bar.ahead 100 100 1.6 13.3, fin 84.7, stem 0 0 12.8 3.6,\
        stem 19.4 19.4 3.6 5.9, stem 37.4 37.4 3.6 5.9, stem 37.4 37.4 3.6 12.8, stem 55.4 55.4 5.9 12.8,\
        stem 62.2 62.2 12.8 3.6, n.d 0 12.8, n.d 6.8 3.6, n.d 19.4 3.6, n.d 19.4 5.9, n.d 37.4 3.6, n.d 37.4 5.9,\
        n.d 37.4 8.2, n.d 37.4 12.8, n.d 55.4 5.9, n.d 62.2 12.8, n.d 84.7 3.6, slur.ok 0 13.55 84.7 1
        """
    static let cameraMini = """
        staff 0 2.5 120 0 7.25 120 0 12 120 0 16.75 120 0 21.5 120, hold.ok 5 2.5 46.13,\
        hold.ok 46.13 7.25 65.95, hold.ok 65.95 21.5 73.38, hold.ok 73.38 2.5 98.15, bar.ahead 115 0 24,\
        stem 5 2.5 21.5 26.31 2.5 7.25 46.13 2.5 21.5 65.95 7.25 21.5 73.38 2.5 21.5, fin 98.15 2.5 21.5,\
        n.d 5 21.5 2.9 2.2, n.d 12.43 2.5 2.9 2.2, n.d 26.31 2.5 2.9 2.2, n.d 26.31 7.25 2.9 2.2,\
        n.d 46.13 2.5 2.9 2.2, n.d 46.13 7.25 2.9 2.2, n.d 46.13 12 2.9 2.2, n.d 46.13 21.5 2.9 2.2,\
        n.d 65.95 7.25 2.9 2.2, n.d 73.38 21.5 2.9 2.2, n.d 98.15 2.5 2.9 2.2
        """
    static let lift = """
        future 92.6 2.6 9.81 11.2, b0 -.6 -.6 3.6 12.8, hold.ok 0 11.1 5.9 5.9, hold.late 11.1 31.7 5.9 5.9,\
        hold.late 31.7 55.5 10.5 10.5, hold.late 55.5 92.6 5.9 5.9, bar.broken 11.1 11.1 1.6 13.3,\
        bar.broken 74.1 74.1 1.6 13.3, now 92.6 92.6 1.6 13.7, stem 0 0 12.8 5.9, stem 31.7 31.7 3.6 10.5,\
        stem 55.5 55.5 8.2 5.9, n.d 0 12.8, n.d 5.6 5.9, n.d 16.7 3.6, n.d 31.7 3.6, n.d 37.2 10.5, n.d 55.5 8.2,\
        n.w.late.f 100 5.9
        """
    static let liftMini = """
        now 106.85 -1 25 121 -1, staff 0 2.5 120 0 7.25 120 0 12 120 0 16.75 120 0 21.5 120,\
        hold.ok 5 7.25 17.23, hold.late 17.23 7.25 39.86, hold.late 39.86 16.75 66.09,\
        hold.late 66.09 7.25 106.85, bar.broken 17.23 0 24, bar.broken 86.47 0 24,\
        stem 5 7.25 21.5 39.86 2.5 16.75 66.09 7.25 12, n.d 5 21.5 2.9 2.2, n.d 11.11 7.25 2.9 2.2,\
        n.d 23.34 2.5 2.9 2.2, n.d 39.86 2.5 2.9 2.2, n.d 45.97 16.75 2.9 2.2, n.d 66.09 12 2.9 2.2,\
        n.w.late 112 7.25 3 -3 3 3 -3 3
        """
    static let owner = """
        future 55.1 2.6 47.34 11.2, b0 -.6 -.6 3.6 12.8, hold.ok 0 8.4 3.6 3.6, hold.ok 8.4 32.6 5.9 5.9,\
        hold.stop 32.6 77.5 12.8 12.8, cut 43.8, cut 66.3, bar.next 100 100 1.6 13.3, now 55.1 55.1 1.6 13.7,\
        stem 0 0 12.8 3.6, stem 8.4 8.4 3.6 5.9, stem 32.6 32.6 5.9 12.8, stem.w 77.5 77.5 12.8 5.9, n.d 0 12.8,\
        n.d 8.4 3.6, n.d 16.9 5.9, n.d 32.6 5.9, n.w.f 77.5 12.8, fer -.85 -1.95 1.7 1.1, n.w.f 88.8 5.9
        """
    static let ownerMini = """
        now 65.56 -1 25 121 -1, staff 0 2.5 120 0 7.25 120 0 12 120 0 16.75 120 0 21.5 120,\
        hold.ok 5 2.5 14.27, hold.ok 14.27 7.25 40.84, hold.stop 40.84 21.5 90.28, bar.next 115 0 24,\
        stem 5 2.5 21.5 14.27 2.5 7.25 40.84 7.25 21.5 90.28 7.25 21.5, n.d 5 21.5 2.9 2.2,\
        n.d 14.27 2.5 2.9 2.2, n.d 23.54 7.25 2.9 2.2, n.d 40.84 7.25 2.9 2.2, n.w 90.28 21.5 2.9 2.2,\
        n.w 102.64 7.25 2.9 2.2
        """
    static let drain = """
        future 36.9 2.6 65.51 11.2, b0 -.6 -.6 3.6 12.8, hold.ok 0 11.1 3.6 3.6, hold.ok 11.1 36.9 5.9 5.9,\
        bar.next 100 100 1.6 13.3, now 36.9 36.9 1.6 13.7, stem 0 0 12.8 3.6, stem 11.1 11.1 3.6 5.9, n.d 0 12.8,\
        n.d 11.1 3.6, n.d 22.1 5.9, n.w.f 63.1 5.9
        """
    static let drainMini = """
        now 45.57 -1 25 121 -1, staff 0 2.5 120 0 7.25 120 0 12 120 0 16.75 120 0 21.5 120,\
        hold.ok 5 2.5 17.17, hold.ok 17.17 7.25 45.57, bar.next 115 0 24,\
        stem 5 2.5 21.5 17.17 2.5 7.25, n.d 5 21.5 2.9 2.2, n.d 17.17 2.5 2.9 2.2, n.d 29.34 7.25 2.9 2.2,\
        n.w 74.43 7.25 2.9 2.2
        """
}

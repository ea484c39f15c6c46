import Cases
import Kernel
import Storage

/// What every house starts with: the dictionary of categories (A105, A106) and the 3+3+5 limits (A049, A050). Both are
/// rows that an administrator edits; they are planted once, into empty tables.
package enum BaseSeed {
    package static let categories:
        [(
            code: String, kind: CategoryKind, zh: String, en: String, party: Party, urgency: Urgency, hints: String,
            fast: Bool
        )] = [
            ("leak", .repair, "漏水", "Leak", .property, .urgent, "漏水 渗水 爆管 水管 滴水 跑水 漏", true),
            ("drain", .repair, "下水道堵", "Blocked drain", .property, .normal, "下水 堵 返味 返水 马桶 地漏 下水道", false),
            ("lift", .repair, "电梯", "Lift", .property, .urgent, "电梯 困人 停运", true),
            ("power", .repair, "水电灯", "Lights and power", .property, .normal, "灯 停电 没电 跳闸 停水 水压 插座", false),
            ("door", .repair, "门禁门锁", "Doors and gates", .property, .normal, "门禁 门锁 单元门 刷不开 道闸 大门", false),
            ("facility", .repair, "公共设施", "Shared facilities", .property, .normal, "健身 单杠 路面 栏杆 墙皮 座椅 设施", false),
            ("cleaning", .order, "环境卫生", "Cleaning", .property, .normal, "垃圾 卫生 臭 脏 保洁 蚊虫 绿化 树", false),
            ("clutter", .order, "楼道堆物", "Clutter on landings", .community, .normal, "堆物 杂物 堆放 纸箱 旧家具", false),
            ("parking", .order, "随意停车", "Parking", .property, .normal, "停车 车位 占道 堵车 乱停", false),
            ("building", .order, "违章搭建", "Illegal building", .department, .normal, "违建 搭建 私搭 违章", false),
            ("fire", .order, "消防隐患", "Fire hazard", .department, .emergency, "着火 冒烟 飞线 充电 消防 煤气 燃气 火", true),
            ("slow", .complaint, "维修不及时", "Slow repairs", .community, .normal, "没人来 不来修 拖 催了", false),
            ("service", .complaint, "服务不到位", "Poor service", .community, .normal, "态度 服务差 不理 骂人", false),
            ("fees", .complaint, "收费不规范", "Improper fees", .community, .normal, "乱收费 收费 多收 物业费", false),
            (
                "neighbour", .dispute, "邻里纠纷", "Dispute between neighbours", .community, .normal,
                "吵架 邻居 纠纷 噪音 吵 扰民 装修 楼上 楼下", false
            ),
            ("privacy", .dispute, "摄像头位置", "Position of a camera", .community, .normal, "摄像头 监控 照到 红外", false),
            ("other", .consultation, "别的事", "Something else", .community, .normal, "", false),
        ]

    package static func plant(
        at now: Instant, nextID: @Sendable () -> Int64, _ transaction: any WriteTransaction
    ) throws {
        guard try CaseHistoryStore.dictionary(transaction).isEmpty else { return }
        for (index, c) in categories.enumerated() {
            try CaseHistoryStore.insert(
                Category(
                    id: CategoryID(Int64(index + 1)), code: c.code, kind: c.kind, zh: c.zh, en: c.en, party: c.party,
                    urgency: c.urgency, hints: c.hints, fastLane: c.fast, place: Int64(index + 1)), transaction)
        }
        let base: [(kind: Int64, urgency: Int64, attend: Int, handle: Int, feedback: Int, source: String)] = [
            (0, 0, 180, 180, 5, "3+3+5，种子 003，A049"),
            (CategoryKind.dispute.rawValue, 0, 180, 180, 3, "纠纷 3 个工作日，种子 003，A050"),
        ]
        for p in base {
            try CaseHistoryStore.putPolicy(
                Policy(
                    id: nextID(), category: 0, area: 0, urgency: p.urgency, kind: p.kind, attendMinutes: p.attend,
                    handleMinutes: p.handle, feedbackWorkdays: p.feedback, source: p.source, version: 1),
                by: nil, at: now, transaction)
        }
    }
}

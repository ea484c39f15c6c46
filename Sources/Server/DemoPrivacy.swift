import Directory
import Kernel
import Privacy
import Storage

/// The privacy notice of the demo district, what its residents agreed to, and its registers. Nobody in it exists.
struct DemoPrivacy: Sendable {
    let house: House
    let staff: [String: (person: PersonID, post: PostID)]
    let people: [String: PersonID]

    func plant(on day: Day) async throws {
        guard let chief = staff["administrator"]?.person,
            let actor = try await house.database.read({ try DirectoryStore.actor(chief, on: day, $0) })
        else { return }
        let desk = house.privacy.desk
        let number = try await desk.publishNotice(
            zh: """
                梅江街道办事处和桂花苑物业服务中心（以下称“我们”）一起处理您的个人信息。联系人：平台运维，000-5550-0105。

                一、处理什么、为什么：您的姓名、手机号、住处，用来登录和核对住户；您报的事、照片和评价，用来派人处理、答复和公示结果（公示不写姓名和房号）；登录时间和设备，用来保护账号。

                二、保存多久：报事记录办结后三年去掉姓名，登录日志六个月，其他到期自动删除。

                三、给谁看：只给处理这件事的岗位看。不提供给别人，除非您单独同意或者法律要求。

                四、您的权利：在“我的个人信息”里可以看、导出、更正、撤回同意、注销账号。我们十五个工作日内答复。

                五、不满十四周岁：由监护人同意，只登记姓名和出生年月。
                """,
            en: """
                The street office of Meijiang and the service centre of Guihua Garden ("we") process your personal \
                data together. Contact: platform operations, 000-5550-0105.

                1. What and why: your name, number and home, to sign you in and to know who lives here; what you \
                report, your pictures and ratings, to send somebody, to answer and to publish the result without \
                names and homes; when and with what you signed in, to protect the account.

                2. How long: reports lose the name three years after they are closed, sign-in records go after six \
                months, everything else when its period ends.

                3. To whom: only to those who handle the matter; to nobody else, unless you agree or law asks.

                4. Your rights: under "My personal data" you can look, take a copy, have it corrected, withdraw \
                consent and close the account. We answer within fifteen working days.

                5. Under fourteen: a guardian agrees, and only the name and the month of birth are kept.
                """, from: day, why: "第一版", was: 0, by: actor)
        for person in people.values.sorted(by: { $0.raw < $1.raw }) {
            try await desk.answerNotice(number, accept: true, channel: "page", by: person)
        }
        if let resident = people["resident"] {
            try await desk.consent("marketing", given: true, channel: "page", by: resident)
            try await desk.consent("sensitive", given: true, channel: "page", by: resident)
        }
        if let neighbour = people["resident2"] {
            try await desk.ask(
                .correction, words: "我的姓名最后一个字写错了，应该是“建国”。", confirmed: false, language: .zh, by: neighbour)
        }
        let processing = RecordSent(
            title: "报事和处理",
            fields: [
                "data": "姓名、手机号、住处、原话、照片", "purpose": "派人处理、答复、公示结果", "basis": "履行合同所必需",
                "kept": "办结后三年，之后去标识", "recipients": "物业服务企业、社区、相关部门", "measures": "按岗位授权，电话加密，查看留痕",
            ])
        let assessment = RecordSent(
            title: "独居、残障等情况登记",
            fields: [
                "subject": "上门时照应特殊情况，需登记敏感个人信息", "necessity": "目的明确，逐项单独同意，可随时撤回",
                "risk": "泄露会让独居老人受骚扰", "measures": "只给上门的岗位看，撤回即停用", "conclusion": "可以开展，半年复评一次",
                "assessor": "周书记、平台运维，2026-01-10",
            ])
        let breach = RecordSent(
            title: "一份值班表错发到业主群",
            fields: [
                "what": "前台把带手机号的值班表发到了业主群，两分钟后撤回", "data": "四名工作人员的姓名和手机号", "people": "4",
                "harm": "可能接到骚扰电话", "measures": "撤回、逐一告知、改用不带号码的值班表", "advice": "陌生来电先核实",
            ], known: house.world.now().adding(hours: -20))
        for (kind, sent) in [(RecordKind.processing, processing), (.assessment, assessment), (.breach, breach)] {
            try await desk.putRecord(kind, nil, sent, was: 0, by: actor)
        }
        let texts = Sharing(
            id: SharingID(0), version: 0, kind: .entrusted, recipient: "云岭短信公司", contact: "000-5550-0190",
            data: "手机号、验证码", purpose: "发送登录验证码", basis: .contract, consent: "", contract: "短信服务合同 2026-01",
            measures: "只用于发送，日志三十天删除，合同到期退还并删除", from: day.adding(-60), to: day.adding(305))
        var insurer = texts
        (insurer.kind, insurer.recipient, insurer.basis, insurer.consent) = (.provided, "安居保险公司", .consent, "sharing")
        (insurer.data, insurer.purpose, insurer.contract) = ("姓名、手机号、受损情况", "代办家财险理赔", "")
        insurer.measures = "逐件经本人单独同意后提供"
        for one in [texts, insurer] { try await desk.putSharing(one, nil, was: 0, by: actor) }
    }
}

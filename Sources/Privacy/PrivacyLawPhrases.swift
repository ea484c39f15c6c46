import Directory
import Kernel
import Storage

/// What stands in the tables of a new house: purposes with what they rest on, periods. A notice is not among them: only
/// the operator can say who they are and how they are reached.
package enum PrivacySeed {
    package static func plant(
        _ classes: [RetentionClass], at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try PeriodStore.plant(classes, at: now, transaction)
        for line in lines {
            guard let since = Day(year: line.since.0, month: line.since.1, day: line.since.2) else { continue }
            let purpose = Purpose(
                code: line.code, version: 1, basis: line.basis, separate: line.separate, zh: line.zh, en: line.en,
                aboutZh: line.aboutZh, aboutEn: line.aboutEn, source: line.source, since: since, inForce: true)
            _ = try ConsentStore.insert(purpose, by: nil, at: now, transaction)
        }
    }

    private struct Line: Sendable {
        let code: String
        let basis: LegalBasis
        let separate: Bool
        let zh: String
        let en: String
        let aboutZh: String
        let aboutEn: String
        let source: String
        let since: (Int, Int, Int)
    }

    private static let lines: [Line] = [
        Line(
            code: "service", basis: .contract, separate: false, zh: "报事、派单和反馈", en: "Reports, dispatch and answers",
            aboutZh: "您报的事、地址和电话，用来派人处理和给您回话。没有这些没法办事，所以不用另外同意。",
            aboutEn:
                "What you report, your address and number: to send somebody and answer you. It asks for no consent.",
            source: "个人信息保护法第13条第2项：履行合同所必需", since: (2021, 11, 1)),
        Line(
            code: "account", basis: .duty, separate: false, zh: "登录安全和日志", en: "Sign-in and security log",
            aboutZh: "登录时间、设备、网络地址，用来保护账号，按法律留存日志。",
            aboutEn:
                "When, from where and with which device you signed in: to protect the account, and because law asks "
                + "for logs.",
            source: "个人信息保护法第13条第3项、网络安全法第23条：履行法定义务", since: (2021, 11, 1)),
        Line(
            code: "publishName", basis: .consent, separate: true, zh: "公示时写出姓名或房号", en: "Name or home in public",
            aboutZh: "公示台账默认不写姓名和房号。同意后才可以写。",
            aboutEn: "The public ledger names nobody and no home. Only with your consent it may.",
            source: "个人信息保护法第25条：公开须单独同意", since: (2021, 11, 1)),
        Line(
            code: "sharing", basis: .consent, separate: true, zh: "提供给其他单位", en: "Passing on to others",
            aboutZh: "把您的信息交给报事处理以外的单位，比如保险、商户。",
            aboutEn: "Handing your data to others than those who handle your reports, such as insurers or shops.",
            source: "个人信息保护法第23条：向他人提供须单独同意", since: (2021, 11, 1)),
        Line(
            code: "boardName", basis: .consent, separate: true, zh: "当选公告里写出全名", en: "Full name of the chosen",
            aboutZh: "楼长等选出来以后，公告里默认只写姓。同意后才写全名。",
            aboutEn: "The notice of who was chosen says the family name only. With your consent it says all of it.",
            source: "个人信息保护法第25条：公开须单独同意", since: (2021, 11, 1)),
        Line(
            code: "sensitive", basis: .consent, separate: true, zh: "关照特殊情况", en: "Special circumstances",
            aboutZh: "记下独居、残障、病情等情况，上门时好照应。",
            aboutEn: "Noting that you live alone, a disability or an illness, so that visits can take care of it.",
            source: "个人信息保护法第29条：敏感个人信息须单独同意", since: (2021, 11, 1)),
        Line(
            code: "marketing", basis: .consent, separate: false, zh: "推送社区活动和商业信息", en: "Events and offers",
            aboutZh: "活动、团购等信息。随时可以关。", aboutEn: "Events, group purchases and the like. Turn it off at any time.",
            source: "个人信息保护法第24条：可以拒绝推送", since: (2021, 11, 1)),
    ]
}

extension LegalBasis {
    var phrase: Phrase {
        switch self {
        case .consent: .basisConsent
        case .contract: .basisContract
        case .duty: .basisDuty
        case .emergency: .basisEmergency
        case .interest: .basisInterest
        }
    }
}

/// A first text to fill in: who we are must be written by the operator.
enum NoticeTemplate {
    static let zh = """
        【填写运营单位名称】（以下称“我们”）负责处理您的个人信息。联系人：【填写姓名、电话、邮箱】。

        一、处理什么、为什么：您的姓名、手机号、住处，用来登录和核对住户；您报的事、照片和评价，用来派人处理、\
        答复和公示结果（公示不写姓名和房号）；登录时间和设备，用来保护账号。

        二、保存多久：报事记录办结后三年去掉姓名，登录日志六个月，其他到期自动删除。

        三、给谁看：只给处理这件事的岗位看。不提供给别人，除非您单独同意或者法律要求。

        四、您的权利：在“我的个人信息”里可以看、导出、更正、撤回同意、注销账号。我们十五个工作日内答复。

        五、不满十四周岁：由监护人同意，只登记姓名和出生年月。

        告知有变化会重新请您同意。
        """

    static let en = """
        [Name of the operator] ("we") is responsible for your personal data. Contact: [name, number, address].

        1. What and why: your name, number and home, to sign you in and to know who lives here; what you report, your \
        pictures and ratings, to send somebody, to answer and to publish the result without names and homes; when and \
        with what you signed in, to protect the account.

        2. How long: reports lose the name three years after they are closed, sign-in records go after six months, \
        everything else when its period ends.

        3. To whom: only to those who handle the matter; to nobody else, unless you agree to it or law asks.

        4. Your rights: under "My personal data" you can look, take a copy, have it corrected, withdraw consent and \
        close the account. We answer within fifteen working days.

        5. Under fourteen: a guardian agrees, and only the name and the month of birth are kept.

        When this notice changes we ask you again.
        """
}

import Kernel

extension Phrase {
    // Refusals.
    package static let refuseOwnRequest = Phrase(
        "自己提的请求，要由别人来办。", "You asked this yourself: somebody else decides about it.")
    package static let refuseIdentifyFirst = Phrase(
        "请先确认去世的是哪一位，看过什么证明。", "First say who it is that died, and what proof was seen.")
    package static let refuseIdentified = Phrase("去世的是谁已经确认过了。", "It was said already who it is that died.")
    package static let refuseDeadPosts = Phrase(
        "去世的人名下还有岗位，请先结束岗位，再删除信息。", "The person who died still holds a post. End it before the data is deleted.")
    package static let refuseDeadElsewhere = Phrase(
        "这个人在您管的范围以外还有住房或岗位，请由街道或区里办理。",
        "This person has a home or a post beyond what you look after: the street or the district has to do it.")
    package static let tellWard = Phrase(
        "您家一名孩子的监护人登记为您，请查看并确认", "You are entered as the guardian of a child at your home; please look and agree")
    package static let refuseDeadGuardian = Phrase(
        "去世的人是孩子的监护人，家里没有别的成年人，请先登记新的监护人。",
        "The person who died is the guardian of a child without another adult at home. Enter another guardian first.")
    package static let refuseTooManyRelatives = Phrase(
        "还有几件已故亲属的请求没有办完，办完再提。", "Several of your requests about relatives are still open. Please wait for them.")

    // Messages.
    package static let tellRelativeAsks = Phrase(
        "有人请求处理已故亲属的个人信息", "Somebody asks about the personal data of a relative who died")
    package static let tellSaidDead = Phrase(
        "有亲属说您已去世并请求处理您的信息；如果不是事实，请马上声明",
        "A relative says that you died and asks for your data. If that is not true, please say so now")
    package static let tellSaidAlive = Phrase(
        "被当作已故的人声明本人在世，请求已经停办，请核对住户关系",
        "Somebody taken for dead says otherwise. The request has ended: please check the homes")

    // A relative's own page.
    package static let kinTitle = Phrase("已故亲属的个人信息", "Personal data of a relative who died")
    package static let kinHelp = Phrase(
        "近亲属为了自身合法、正当的利益，可以请求查阅复制、更正、删除逝者的个人信息；逝者生前另有安排的除外（个人信息保护法第49条）。",
        "Near relatives may ask for a copy, a correction or the deletion, for their own lawful interests, unless the person had arranged otherwise (PIPL art. 49)."
    )
    package static let kinName = Phrase("逝者姓名", "Name of the person who died")
    package static let kinRelation = Phrase("逝者是您的", "Who the person was to you")
    package static let kinSpouse = Phrase("配偶", "Spouse")
    package static let kinParent = Phrase("父亲或者母亲", "Father or mother")
    package static let kinChild = Phrase("儿子或者女儿", "Son or daughter")
    package static let kinSibling = Phrase("兄弟姐妹", "Brother or sister")
    package static let kinGrandparent = Phrase("祖父母、外祖父母", "Grandparent")
    package static let kinGrandchild = Phrase("孙子女、外孙子女", "Grandchild")
    package static let kinEstate = Phrase("住过哪个小区", "Estate where the person lived")
    package static let kinHome = Phrase("住哪一户", "Which home")
    package static let kinWhat = Phrase("请求什么", "What you ask for")
    package static let kinCopy = Phrase("复制", "A copy")
    package static let kinCorrection = Phrase("更正内容", "A correction")
    package static let kinDeletion = Phrase("删除", "Deletion")
    package static let kinWords = Phrase("更正的话，哪里不对、应该是什么", "For a correction: what is wrong, and what it should be")
    package static let kinInterest = Phrase("为什么需要（您自身的利益）", "What you need it for: your own interest")
    package static let kinProof = Phrase(
        "能出示的证明（如死亡证明、户口簿）", "Papers that you can show, such as the certificate of death")
    package static let kinDied = Phrase("去世日期", "Day of death")
    package static let kinSend = Phrase("提出请求", "Ask")
    package static let kinAbout = Phrase("关于逝者 {0}", "About {0}, who died")
    package static let kinCopyTitle = Phrase(
        "逝者的个人信息（近亲属副本）", "Personal data of a person who died: copy for a relative")
    package static let kinArranged = Phrase(
        "逝者生前安排：不许任何人请求处理其个人信息（个人信息保护法第49条）。",
        "The person had arranged that nobody may ask about their data (PIPL art. 49).")
    package static let kinAlive = Phrase("本人声明在世，请求停办。", "The person says that they are alive: the request has ended.")

    // Said of oneself.
    package static let claimTitle = Phrase("有人说您已经去世", "Somebody says that you died")
    package static let claimHelp = Phrase(
        "您能看到这里，说明多半弄错了。请声明，请求马上停办。", "If you read this, it is probably wrong. Say so, and it ends at once.")
    package static let claimAlive = Phrase("我在世，停办", "I am alive: end it")
    package static let arrangementTitle = Phrase("身后安排", "After my death")
    package static let arrangementHelp = Phrase(
        "您可以预先决定身后近亲属能不能要您的信息，随时可改。",
        "You can decide now what near relatives may have after your death, and change it at any time.")
    package static let arrangementNobody = Phrase("身后不许任何人请求我的个人信息", "Nobody may ask for my data after my death")
    package static let arrangementExcluded = Phrase("不给亲属的部分", "Not for relatives")
    package static let arrangementSave = Phrase("保存安排", "Save it")
    package static let keptRelatives = Phrase(
        "近亲属提的请求（写有逝者姓名）", "Requests of relatives, with the name of the person who died")
    package static let keptRelativesWhy = Phrase(
        "个人信息保护法第49条、第56条：证明依法办理，保存三年",
        "Personal Information Protection Law arts. 49 and 56: proof of how it was handled, for three years")

    // The desk.
    package static let kinAsker = Phrase("请求人", "Asked by")
    package static let kinOpen = Phrase("查看办理", "Handle it")
    package static let kinSaid = Phrase("请求人说的", "As the relative says")
    package static let kinFound = Phrase("确认的", "As confirmed")
    package static let kinWho = Phrase("去世的是哪一位", "Who died")
    package static let kinWhoHelp = Phrase(
        "只列本小区登记过的人：同户的，和姓名完全相同的。同名不等于同一个人，请对证件选。",
        "Only people of this estate: those of the same home, and those of exactly this name. A name alone proves nothing: choose by the papers."
    )
    package static let kinSearch = Phrase("按姓名在本小区找", "Find in this estate by name")
    package static let kinNobody = Phrase("本小区没有找到。", "Nobody of this estate was found.")
    package static let kinHasAccount = Phrase("有账号", "Has an account")
    package static let kinMember = Phrase("家庭成员，没有账号", "Member of a household, no account")
    package static let kinMinor = Phrase("未成年人", "A child")
    package static let kinEvidence = Phrase("看过什么证明（只写说明，不留复印件）", "What proof was seen: in words, without copies")
    package static let kinEndHomes = Phrase("住户关系在去世那天结束", "The homes end on the day of death")
    package static let kinIdentify = Phrase("确认身份", "Confirm who died")
    package static let kinIdentifyHelp = Phrase(
        "确认后，这个账号的登录全部退出。", "Once confirmed, every sign-in of that account ends.")
    package static let kinOtherName = Phrase("和请求里的姓名不同", "Not the name in the request")
    package static let kinDecide = Phrase("决定", "Decide")
    package static let kinAccept = Phrase("准许", "Accept")
    package static let kinRefuse = Phrase("不准许", "Refuse")
    package static let kinDecideWords = Phrase("更正了什么，或者为什么不准许", "What was corrected, or why it is refused")
    package static let kinAccepted = Phrase("已准许", "Accepted")
}

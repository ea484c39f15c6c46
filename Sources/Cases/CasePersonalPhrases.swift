import Kernel

extension Phrase {
    package static let dataCases = Phrase("我报的事", "What I reported")
    package static let dataCaseNumber = Phrase("编号", "Number")
    package static let dataCaseTitle = Phrase("标题", "Title")
    package static let dataCaseBody = Phrase("原话", "Words")
    package static let dataCaseContact = Phrase("联系电话（部分隐藏）", "Contact (masked)")
    package static let dataCaseChannel = Phrase("渠道", "Channel")
    package static let dataCaseClosed = Phrase("办结时间", "Closed")
    package static let dataSayings = Phrase("我补充的话", "What I added")
    package static let dataRatings = Phrase("我的评价", "My ratings")
    package static let dataScore = Phrase("分数", "Score")
    package static let dataJoins = Phrase("我也遇到的事", "What I joined")
    package static let dataSteps = Phrase("我经手的步骤", "Steps that I took at work")
    package static let dataStep = Phrase("步骤", "Step")
    package static let dataHandovers = Phrase("交接班记录", "Notes at the end of a shift")
    package static let dataTaken = Phrase("我接班的时间", "When I took it over")
    package static let dataTemplates = Phrase("我写的常用回复", "Reply templates that I wrote")
    package static let dataTemplateVersion = Phrase("第几版", "Version")
    package static let formerColleague = Phrase("离任人员", "A former colleague")
    package static let keepFormer = Phrase(
        "离任人员在经办步骤和常用回复里的姓名", "Names of former staff in the steps of cases and in reply templates")
    package static let keepFormerSource = Phrase(
        "产品默认：与工单相同，三年", "Product default: three years, as for work orders")
    package static let keepHandovers = Phrase("交接班记录", "Notes at the end of a shift")
    package static let keptCases = Phrase("报事和处理记录（不带姓名电话）", "Reports and how they were handled (no name, no number)")
    package static let keptCasesWhy = Phrase(
        "民法典第188条：诉讼时效三年，之后去掉住处和原话", "Civil Code art. 188: three years of limitation, then home and words go")
    package static let keepCases = Phrase("报事工单", "Work orders")
    package static let keepCasesSource = Phrase(
        "民法典第188条：诉讼时效三年，之后去标识", "Civil Code art. 188: three years of limitation, then no name")
    package static let keepKeys = Phrase("重复提交的凭据", "Marks against reporting twice")
    package static let keepKeysSource = Phrase("产品默认：三十天", "Product default: thirty days")
    package static let keepPictures = Phrase("没有归属的照片", "Pictures that belong to nothing")
    package static let keepPicturesSource = Phrase(
        "产品默认：一天；文件再过一天删除", "Product default: one day; the file goes a day later")
    package static let publicTextWithdrawn = Phrase(
        "报事人撤回了同意，原文不再公开。", "Whoever reported it withdrew the consent. The text is no longer public.")
    package static let refuseNamesReporter = Phrase(
        "公示里写了报事人的姓名，本人没有单独同意。请去掉姓名再公示。",
        "The text names whoever reported it, who did not consent to that. Take the name out.")
    package static let refuseSharing = Phrase(
        "您在小区以外的承包单位，本人没有单独同意提供联系方式。请让物业前台联系。",
        "You work for a contractor outside the estate, and the person did not consent to share the number. Ask the desk to call."
    )
}

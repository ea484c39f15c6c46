import Kernel

extension Phrase {
    package static let stewardsTitle = Phrase("管家和网格员：两条线", "Stewards and grid officers: two lines")
    package static let stewardBoth = Phrase("管家兼网格员", "Steward and grid officer")
    package static let stewardLineCommunity = Phrase("社区线", "Community line")
    package static let stewardLineProperty = Phrase("物业线", "Company line")
    package static let lineNone = Phrase("没有上级", "Nobody above")
    package static let lineSet = Phrase("定上级", "Set the superior")
    package static let lineSuperior = Phrase("向谁汇报", "Reports to")
    package static let appraisalAdd = Phrase("评一季度", "Appraise a quarter")
    package static let appraisalQuarter = Phrase("哪一季度（如 2026-Q1）", "Quarter, such as 2026-Q1")
    package static let appraisalScore = Phrase("得分（0 到 100）", "Score, 0 to 100")
    package static let appraisalGiven = Phrase("{0}：{1} 分，{2}", "{0}: {1}, {2}")
    package static let refuseNotSuperior = Phrase(
        "每条线由这条线的上级评。", "Each line is appraised by the superior of that line.")
    package static let lineNamed = Phrase("上级的姓名，开头几个字", "The superior's name, as it begins")
    package static let lineFind = Phrase("找", "Find")
}

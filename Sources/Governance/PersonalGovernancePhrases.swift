import Kernel

extension Phrase {
    package static let dataLetters = Phrase("聘书和任命", "Letters of appointment")
    package static let dataLetterKind = Phrase("哪种任命", "Kind of appointment")
    package static let dataDuties = Phrase("职责", "Duties")
    package static let dataLinks = Phrase("联户", "Household linkage")
    package static let dataList = Phrase("名册", "List")
    package static let dataCandidacies = Phrase("报名选聘", "Candidacies")
    package static let dataSelection = Phrase("哪次选聘", "Selection")
    package static let dataSaid = Phrase("写的话", "What was written")
    package static let dataVehicles = Phrase("登记的车辆", "Vehicles entered")
    package static let dataPlate = Phrase("车牌", "Plate")
    package static let keptLetters = Phrase("聘书编号和任期（不带姓名）", "Numbers and terms of letters (without the name)")
    package static let keptLettersWhy = Phrase("组织的任免档案", "Official records of appointments")
}

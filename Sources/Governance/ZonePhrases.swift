import Kernel

extension Phrase {
    package static let zoneUsual = Phrase("常规户数", "Usual size")
    package static let zoneUsualRange = Phrase("{0} 至 {1} 户", "{0} to {1} households")
    package static let zonePartsChange = Phrase("改包括的楼", "Change its buildings")
    package static let zonePartsAdd = Phrase("加进来", "Add")
    package static let zonePartsRemove = Phrase("划出去", "Remove")
    package static let zoneChanges = Phrase("楼的变动", "Changes of its buildings")
    package static let zoneChangeAdded = Phrase("划入", "added")
    package static let zoneChangeRemoved = Phrase("划出", "removed")
    package static let refuseZoneWithoutParts = Phrase(
        "至少要留一栋楼，不要了就撤销。", "It keeps a building at least: dissolve it instead.")
}

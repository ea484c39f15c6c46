import Kernel

extension Phrase {
    package static let leadersEnding = Phrase("任期快到的楼栋长", "Building leaders whose term comes to an end")
    package static let leaderEnding = Phrase("快到期", "Ending")
    package static let leaderEndsOn = Phrase("{0} · {1} 到期", "{0} · until {1}")
    package static let leadersMore = Phrase("还有别的，这里只列最早到期的。", "There are more: these end first.")
    package static let tellLeader = Phrase(
        "{0}楼栋长的任期 {1} 到期，请准备选聘。", "The term of the leader of {0} ends {1}: prepare the selection.")
    package static let selectionBuildings = Phrase("给几栋楼一起选（地方选小区）", "For several buildings of the estate")
    package static let selectionBuildingSeats = Phrase("每栋楼的名额", "Seats of each building")
    package static let selectionPerBuilding = Phrase("{0}：{1} 名", "{0}: {1}")
    package static let selectionBuildingChosen = Phrase("各楼结果", "Result of each building")
    package static let selectionNobody = Phrase("没有人", "Nobody")
    package static let candidateBuilding = Phrase("哪栋楼", "Building")
    package static let refuseNotYourBuilding = Phrase(
        "只能报自己住的楼，请选公告里的一栋。", "One stands for a building of the notice where one lives.")
}

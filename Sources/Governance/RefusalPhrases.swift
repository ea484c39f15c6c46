import Kernel

extension Phrase {
    package static let refuseGovernanceMissing = Phrase("没有找到，或者不归您管。", "There is no such thing within your reach.")
    package static let refuseGovernanceWords = Phrase(
        "请写明白，不要太长，不要有特殊字符。", "Please write this, not too long and without control characters.")
    package static let refuseGovernanceChoice = Phrase("请从列出的里面选。", "Please choose one that is offered.")
    package static let refuseGovernanceDay = Phrase("这个日期不对。", "That day cannot be.")
    package static let refuseGovernanceNumber = Phrase("这个数不对。", "That number cannot be.")
    package static let refuseEndsBefore = Phrase("结束的日子不能早于开始的日子。", "It cannot end before it begins.")
    package static let refuseGovernanceChanged = Phrase(
        "刚才有人改过了。请看看现在的样子，再决定要不要改。", "Somebody changed this meanwhile. Look at it as it is now, then decide.")
    package static let refuseBodyTaken = Phrase("这里已经有一个叫这个名字的了。", "There is one of that name here already.")
    package static let refuseOtherEstateBody = Phrase(
        "这个小区已经有{0}。一个小区只有一个业主组织或代行组织。", "The estate has {0} already: one body stands for its owners.")
    package static let refuseWrongLevel = Phrase("这一类不能设在这一级。", "It cannot be at this level.")
    package static let refuseTermTooLong = Phrase("任期不能超过 {0} 年。", "The term may be {0} years at most.")
    package static let refuseSeats = Phrase("人数应当是 {0} 到 {1} 人。", "There must be {0} to {1} seats.")
    package static let refuseSeatsEven = Phrase("人数应当是单数。", "The number of seats must be odd.")
    package static let refuseOwnersTooFew = Phrase("业主不能少于一半。", "At least half of the seats are owners'.")
    package static let refuseNoWoman = Phrase("至少要有一名妇女。", "There must be a woman among them.")
    package static let refuseTermOverlaps = Phrase(
        "新一届要从上一届结束以后开始。", "The next term begins after the last one has ended.")
    package static let refuseSlotFit = Phrase("这个组织不适合这个位置，或者不管这里。", "That body does not fit this place.")
    package static let refuseSlotTaken = Phrase("这个位置已经有人了。", "This place is held already.")
    package static let refuseAppointedAlready = Phrase(
        "这个人这段时间已经聘为同一职务。", "This person holds the same appointment then.")
    package static let refuseAppointmentOver = Phrase("这份聘任已经结束。", "This appointment is over.")
    package static let refuseMembersOnly = Phrase(
        "涉及党员身份，只有党务岗位能办。", "This reveals membership of the party: only party affairs posts may do it.")
    package static let refuseContractOverlaps = Phrase(
        "和合同 {0} 的期限重叠。一个小区同一天只能有一份物业服务合同。", "It overlaps contract {0}: one contract covers an estate on a day.")
    package static let refuseContractEnded = Phrase("这份合同已经终止。", "This contract has been ended.")
    package static let refuseRenewal = Phrase(
        "续签的合同要从原合同结束以后开始。", "A renewal begins after the contract that it renews.")
    package static let refuseFiledBefore = Phrase("备案不能早于签订。", "It cannot be filed before it is signed.")
    package static let refuseNoticeStep = Phrase("这一步现在办不了，请看看到哪一步了。", "That step is not possible now.")
    package static let refuseNoticeOwn = Phrase(
        "答复由被通知的一方办，复查和销号由另一方办。", "The company answers; somebody else checks and closes.")
    package static let refuseNoticeSupervisor = Phrase(
        "这位监督员不管这里。", "That supervisor does not look after this place.")
    package static let refuseSelectionClosed = Phrase("现在不在报名期内，或者已经有结果。", "This selection is not open.")
    package static let refuseSelectionOpen = Phrase("公告期还没过，不能公布结果。", "The notice has not ended yet.")
    package static let refuseCandidateTwice = Phrase("已经报过名了。", "This person stands already.")
    package static let refuseNotElected = Phrase("请从候选人里选。", "Choose among the candidates.")
    package static let refuseTooManyElected = Phrase("选的人比名额多。", "More are chosen than there are seats.")
    package static let refuseOtherZone = Phrase("有的楼已经在{0}里了。", "A building is in {0} already.")
    package static let refusePartOutside = Phrase("有的楼不在这个社区。", "A building lies outside the community.")
    package static let refuseLinkedTwice = Phrase("已经登记过了。", "That is registered already.")
    package static let refuseSameSuperior = Phrase(
        "上级不能是自己，两条线也不能互为上下级。", "Nobody reports to themselves, nor in a circle.")
    package static let refuseAppraisedTwice = Phrase("这条线这一期已经评过了。", "This line has appraised this period already.")
    package static let refuseSeatWithoutPosts = Phrase(
        "这个人要同时有物业岗位和社区岗位才能坐综合窗口。", "A merged counter needs somebody with a property post and a community post.")
    package static let refuseBadPlate = Phrase(
        "车牌号不对，请照车牌写，例如 赣B12345。", "That is no plate. Write it as it stands on the car.")
    package static let refuseVehicleTaken = Phrase("这辆车已经登记在这里。", "This vehicle is registered here already.")
    package static let refuseNotYourHome = Phrase("只能给自己住的房屋登记。", "You may register vehicles of your own home only.")
    package static let refuseReasonNeeded = Phrase("请写明原因。", "Please say why.")
}

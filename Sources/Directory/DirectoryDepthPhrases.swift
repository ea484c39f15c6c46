import Kernel
import Web

extension Phrase {
    package static let meDuties = Phrase("我的聘任", "My appointments")
    package static let meSelections = Phrase("公开选聘", "Open selection")
    package static let meLinks = Phrase("我联系的住户", "Households I look after")
    package static let meVehicles = Phrase("我家的车", "Vehicles of my home")
    package static let governanceTitle = Phrase("组织与岗位治理", "Governance")
    package static let rolePartyAffairs = Phrase("党务专干", "Party affairs officer")
    package static let refuseAreaUnderItself = Phrase(
        "不能把它放到自己或自己下面的地方。", "An area cannot be put under itself or under what is below it.")
    package static let refuseAreaStays = Phrase("只有小区和社区可以换上级。", "Only estates and communities can be moved.")
    package static let refuseNewPlace = Phrase(
        "请选一个同级的、您能管的上级。", "Choose another parent of the same level within your reach.")
    package static let areaMove = Phrase("换上级", "Move")
    package static let areaMoveTitle = Phrase("{0}归谁管", "Where {0} belongs")
    package static let areaMoveHelp = Phrase(
        "从现在起归新的上级。以前报的事、办完的事仍归原来的上级；本小区的人两边都看得到。",
        "From now on it belongs to the new parent. What was reported before stays with the old one; the estate's own staff see both."
    )
    package static let areaMoveTo = Phrase("新的上级", "New parent")
    package static let areaNow = Phrase("现在", "now")
    package static let areaPastTitle = Phrase("以前归谁", "Where it belonged before")
    package static let areaPastNone = Phrase("一直归这里，没有换过。", "It has always belonged here.")

    package static let kindOther = Phrase("别的单位", "Other organisation")
    package static let kindPartyBody = Phrase("社区党组织", "Community party body")
    package static let kindResidentsCommittee = Phrase("社区居民委员会", "Residents' committee")
    package static let kindSupervisoryCommittee = Phrase("居务监督委员会", "Supervisory committee")
    package static let kindOwnersCommittee = Phrase("业主委员会", "Owners' committee")
    package static let kindManagementCommittee = Phrase("物业管理委员会", "Property management committee")
    package static let kindResidentsCouncil = Phrase("居民议事会", "Residents' council")
    package static let kindAllOwners = Phrase("全体业主", "All owners directly")
    package static let kindPropertyCompany = Phrase("物业企业", "Property company")
    package static let kindPropertyProject = Phrase("物业项目部", "Property project office")
    package static let kindContractor = Phrase("外包维保单位", "Contractor")
    package static let kindDepartment = Phrase("进驻部门", "Pooled department")
    package static let kindStreetOffice = Phrase("街道办事处", "Sub-district office")
    package static let kindPropertyBranch = Phrase("物业党支部", "Party branch of the property company")
    package static let kindCommitteeBranch = Phrase("业委会党支部", "Party branch of the owners' committee")
    package static let kindEstateBranch = Phrase("小区党支部", "Party branch of the estate")
    package static let kindVolunteers = Phrase("党员志愿者队伍", "Volunteer squad")
    package static let kindLinkageCommittee = Phrase("党员服务群众委员会", "Committee linking members and residents")

    package static let projectUnsaid = Phrase("没有登记", "Not said")
    package static let projectResidential = Phrase("住宅", "Residential")
    package static let projectOffice = Phrase("写字楼", "Office")
    package static let projectMixed = Phrase("商住综合", "Mixed")
}

/// From a person's own page to what Governance keeps about them.
enum GovernanceLinks {
    static func html(_ context: WebContext) -> HTML {
        let words = context.words
        return """
            <nav class="btns" aria-label="\(words(.governanceTitle))">\
            <a class="btn" href="/my/duties">\(words(.meDuties))</a>\
            <a class="btn" href="/my/selections">\(words(.meSelections))</a>\
            <a class="btn" href="/my/links">\(words(.meLinks))</a>\
            <a class="btn" href="/my/vehicles">\(words(.meVehicles))</a>\
            <a class="btn" href="/my/household">\(words(.minorsTitle))</a>\
            <a class="btn" href="/my/privacy">\(words(.privacyTitle))</a></nav>
            """
    }
}

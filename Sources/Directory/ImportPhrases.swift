import Kernel

extension Phrase {
    package static let importsTitle = Phrase("导入", "Imports")
    package static let importNew = Phrase("导入一个文件", "Import a file")
    package static let importKind = Phrase("导入什么", "What the rows are")
    package static let importKindAreas = Phrase("片区（省、市、区、街道、社区、小区、楼栋）", "Areas")
    package static let importKindUnits = Phrase("房屋", "Homes")
    package static let importKindResidents = Phrase("住户", "Residents")
    package static let importKindPosts = Phrase("岗位", "Posts")
    package static let importArea = Phrase("放在哪里", "Where they belong")
    package static let importFile = Phrase("文件（.xlsx 或 CSV，最大 128 MB）", "The file (.xlsx or CSV, 128 MB at most)")
    package static let importHelp = Phrase(
        "先看一遍再导入：没有您点头，什么都不会改。文件在系统里加密存放，办完就删；放着不管的一天后也删。",
        "Every row is looked at first and nothing changes before you say so. The file is kept encrypted and deleted when the import is over, or after a day."
    )
    package static let importSend = Phrase("交上去", "Send the file")
    package static let importNone = Phrase("还没有导入过。", "Nothing was imported yet.")
    package static let importNoFile = Phrase("请选一个文件。", "Choose a file.")
    package static let importBusy = Phrase("正在办，等这一步完了再来。", "It is at work. Wait until this step is over.")
    package static let importNotNow = Phrase(
        "这一步现在办不了，可能别人刚刚动过。请看看现在的情况。",
        "This cannot be done now; perhaps somebody went on with it. Look at how it stands.")
    package static let importBadMapping = Phrase(
        "列没有对上：必填的还缺，或者有两项指着同一列。", "The columns do not fit: a needed one is missing, or one is used twice.")
    package static let importBadMappingName = Phrase("名字要写 1 到 40 个字。", "The name needs 1 to 40 characters.")
    package static let importNothing = Phrase("表头下面没有一行数据。", "There is not one row below the header.")
    package static let importFailed = Phrase("没办成，什么都没有改。", "It failed and nothing was changed.")
    package static let importLooking = Phrase("正在看文件", "Looking at the file")
    package static let importOpen = Phrase("等您核对列", "Waiting for the columns to be confirmed")
    package static let importChecking = Phrase("正在逐行检查", "Checking every row")
    package static let importChecked = Phrase("检查完了，还没有导入", "Checked; nothing was imported yet")
    package static let importRunning = Phrase("正在导入", "Importing")
    package static let importDone = Phrase("导入完了", "Imported")
    package static let importUndoing = Phrase("正在撤回", "Taking it back")
    package static let importUndone = Phrase("已撤回", "Taken back")
    package static let importDropped = Phrase("没有导入，文件已删", "Not imported; the file is deleted")
    package static let importFailedState = Phrase("没办成", "Failed")
    package static let importReceiving = Phrase("正在收文件", "Receiving the file")
    package static let importProgress = Phrase("{0} / {1} 行", "{0} of {1} rows")
    package static let importReload = Phrase(
        "这一页每 2 秒自己更新。可以离开，回头再看。", "This page renews itself every 2 seconds. You may leave and come back.")
    package static let importSheet = Phrase("工作表", "Sheet")
    package static let importHeader = Phrase("表头在第几行", "Line of the header")
    package static let importColumns = Phrase("每一列是什么", "What the columns are")
    package static let importMerged = Phrase(
        "表里有 {0} 处上下合并的格：合并格里的内容算作它盖住的每一行的内容。被左右合并盖住的格看不出填的是什么，那些行会列在有问题的行里。",
        "{0} cells are merged downwards: what they say counts for every row that they cover. What a cell merged sideways covers cannot be told, and such rows are listed as bad."
    )
    package static let importNoColumn = Phrase("（没有这一列）", "(no such column)")
    package static let importNeeded = Phrase("必填", "needed")
    package static let importLevel = Phrase("没有写级别的行算", "Level of rows that do not say it")
    package static let importConflict = Phrase("已经有的怎么办", "Rows that are there already and differ")
    package static let importSkip = Phrase("不动原来的", "leave what is there")
    package static let importUpdate = Phrase("按文件改", "change it as the file says")
    package static let importRefuse = Phrase("算作有问题的行", "count as bad rows")
    package static let importCheck = Phrase("检查每一行", "Check every row")
    package static let importRun = Phrase("导入 {0} 行", "Import {0} rows")
    package static let importDrop = Phrase("不导入了，删掉文件", "Do not import; delete the file")
    package static let importUndo = Phrase("撤回这次导入", "Take this import back")
    package static let importUndoHelp = Phrase(
        "只收回这次新加的、后来没人动过也没有用上的；改过的内容不改回去。",
        "Takes back only what it added and nobody has changed or used since. What it changed stays changed.")
    package static let importSaveAs = Phrase("把对好的列存成", "Save the columns under the name")
    package static let importSaved = Phrase("用存过的", "Use saved columns")
    package static let importUse = Phrase("套用", "Use")
    package static let importFresh = Phrase("新加", "new")
    package static let importChanged = Phrase("改动", "changed")
    package static let importSame = Phrase("一样", "the same")
    package static let importSkipped = Phrase("没动", "left alone")
    package static let importBad = Phrase("有问题", "bad")
    package static let importBadTitle = Phrase("有问题的行", "Bad rows")
    package static let importBadHelp = Phrase(
        "这些行没有导入，也没有丢：下载下来改好，再交一次就行。",
        "These rows are not imported, and not lost: download them, correct them and send them again.")
    package static let importBadMore = Phrase(
        "这里只列前 {0} 行，全部都在下载的文件里。", "Only the first {0} are shown; the download has all.")
    package static let importLine = Phrase("行", "Line")
    package static let importField = Phrase("哪一项", "Field")
    package static let importReasonTitle = Phrase("原因", "Reason")
    package static let importContent = Phrase("内容", "Content")
    package static let importKeptTitle = Phrase("没能收回的 {0} 项", "{0} things could not be taken back")
    package static let importKeptList = Phrase("撤销导入后没能收回的", "What an import could not take back")
    package static let importKeptChanged = Phrase("后来有人改过", "changed since")
    package static let importKeptUsed = Phrase("已经用上了", "in use")
    package static let importChangedStay = Phrase("改动的 {0} 行没有改回去。", "{0} rows that were changed stay as they are.")
    package static let importDownload = Phrase("下载", "Download")
    package static let importBuilding = Phrase("{0} 号楼", "Building {0}")
    package static let importStaircase = Phrase("{0} 单元 {1}", "Staircase {0} {1}")

    // Fields.
    package static let importFieldName = Phrase("名称或姓名", "Name")
    package static let fieldCode = Phrase("代码", "Code")
    package static let fieldParent = Phrase("上级（代码或名称）", "Parent (code or name)")
    package static let importFieldLevel = Phrase("级别", "Level")
    package static let fieldAddress = Phrase("地址", "Address")
    package static let fieldEstate = Phrase("小区", "Estate")
    package static let fieldBuilding = Phrase("楼栋", "Building")
    package static let fieldStaircase = Phrase("单元", "Staircase")
    package static let fieldRoom = Phrase("房号", "Room")
    package static let fieldFloorArea = Phrase("建筑面积（平方米）", "Floor area in square metres")
    package static let importFieldPhone = Phrase("手机", "Mobile number")
    package static let fieldRelation = Phrase("与房屋的关系", "Relation to the home")
    package static let fieldFrom = Phrase("开始日期", "First day")
    package static let fieldTo = Phrase("结束日期", "Last day")
    package static let fieldOrganisation = Phrase("单位", "Organisation")
    package static let fieldRole = Phrase("岗位角色", "Role")
    package static let fieldArea = Phrase("负责片区", "Area of the post")
    package static let fieldTitle = Phrase("职务", "Title")

    // Reasons.
    package static let reasonUnreadable = Phrase("这一行读不懂（引号或编码不对）", "the line cannot be read (quotes or encoding)")
    package static let reasonMissing = Phrase("没有填", "nothing is there")
    package static let reasonBadName = Phrase("名字太长或有特殊符号", "the name is too long or has odd signs")
    package static let reasonBadPhone = Phrase("不是 11 位手机号", "not a mobile number of 11 digits")
    package static let reasonBadDate = Phrase("日期看不懂，写成 2026-03-18", "not a date; write 2026-03-18")
    package static let reasonDatesReversed = Phrase("结束早于开始", "it ends before it begins")
    package static let reasonBadLevel = Phrase("没有这个级别", "there is no such level")
    package static let reasonNoLevel = Phrase("没有说是哪一级", "nothing says the level")
    package static let reasonWrongLevel = Phrase("级别接不上它的上级", "the level does not follow its parent's")
    package static let reasonUnknownParent = Phrase("没有这个上级", "there is no such parent")
    package static let reasonSeveralParents = Phrase("有好几个同名的上级", "several areas are called like the parent")
    package static let reasonUnderItself = Phrase("上级写成了自己", "it is its own parent")
    package static let reasonUnderOwnChild = Phrase("放到了自己的下级下面", "it would lie below its own child")
    package static let reasonMoves = Phrase(
        "已经在别的上级下面，导入不搬家", "it lies elsewhere already; an import does not move areas")
    package static let reasonUnknownArea = Phrase("没有这个片区", "there is no such area")
    package static let reasonUnknownEstate = Phrase("没有这个小区，或不归您管", "there is no such estate, or it is not yours")
    package static let reasonSeveralEstates = Phrase("有好几个同名的小区", "several estates are called so")
    package static let reasonUnknownUnit = Phrase("没有这套房", "there is no such home")
    package static let reasonMergedCell = Phrase(
        "这一格和左边的格合并了，看不出填的是什么", "the cell is merged with the one before it, so what it says cannot be told")
    package static let reasonBadRelation = Phrase(
        "关系只能是业主、共有人、租户、家人", "the relation is owner, co-owner, tenant or family")
    package static let reasonBadRole = Phrase("没有这个岗位角色", "there is no such role")
    package static let reasonUnknownOrganisation = Phrase(
        "没有这个单位，或不归您管", "there is no such organisation, or it is not yours")
    package static let reasonSeveralOrganisations = Phrase("有好几个同名的单位", "several organisations are called so")
    package static let reasonOutsideOrganisation = Phrase("不在这个单位服务的范围里", "the organisation does not serve that area")
    package static let reasonBeyondScope = Phrase("不归您管", "beyond your posts")
    package static let reasonBadArea = Phrase("面积看不懂，写成 89.54", "not an area; write 89.54")
    package static let reasonCutNumber = Phrase(
        "这个数超过 15 位，Excel 已经丢了尾数；把这一列设成文本再填", "a number of more than 15 digits: Excel has cut it; make the column text")
    package static let reasonDiffers = Phrase("已经有了，内容不一样", "it is there already and differs")
    package static let reasonPostOverlaps = Phrase("这个人那几天已经有这个岗位", "the person has this post on those days already")
    package static let reasonLastAdministrator = Phrase(
        "管理员岗位不能用导入改期限", "days of an administrator's post are not changed by an import")
    package static let reasonNameTaken = Phrase("这个名字刚刚被别人占了", "somebody else has just taken the name")
    package static let reasonBadTitle = Phrase("职务太长", "the title is too long")
    package static let reasonPhoneShared = Phrase("这个号码下有好几个同名的人", "several people of this name have the number")
    package static let reasonTooManyBelow = Phrase("上级下面太多了", "there are too many below the parent")
}

extension ImportKind {
    package var phrase: Phrase {
        switch self {
        case .areas: .importKindAreas
        case .units: .importKindUnits
        case .residents: .importKindResidents
        case .posts: .importKindPosts
        }
    }
}

extension ImportStatus {
    package var phrase: Phrase {
        switch self {
        case .receiving: .importReceiving
        case .looking: .importLooking
        case .open: .importOpen
        case .checking: .importChecking
        case .checked: .importChecked
        case .running: .importRunning
        case .done: .importDone
        case .undoing: .importUndoing
        case .undone: .importUndone
        case .dropped: .importDropped
        case .failed: .importFailedState
        }
    }
}

extension ImportConflict {
    package var phrase: Phrase {
        switch self {
        case .skip: .importSkip
        case .update: .importUpdate
        case .refuse: .importRefuse
        }
    }
}

extension ImportField {
    package var phrase: Phrase {
        switch self {
        case .name: .importFieldName
        case .code: .fieldCode
        case .parent: .fieldParent
        case .level: .importFieldLevel
        case .address: .fieldAddress
        case .estate: .fieldEstate
        case .building: .fieldBuilding
        case .staircase: .fieldStaircase
        case .room: .fieldRoom
        case .floorArea: .fieldFloorArea
        case .phone: .importFieldPhone
        case .relation: .fieldRelation
        case .from: .fieldFrom
        case .to: .fieldTo
        case .organisation: .fieldOrganisation
        case .role: .fieldRole
        case .area: .fieldArea
        case .title: .fieldTitle
        case .birth: .importFieldBirth
        case .guardian: .importFieldGuardian
        }
    }

    /// What people call the column, the likelier names first.
    func called(_ kind: ImportKind) -> [String] {
        switch self {
        case .name:
            switch kind {
            case .areas: ["name", "名称", "片区名称", "片区", "街道名称", "小区名称", "楼盘名称", "区划名称", "社区名称", "街道", "小区", "姓名"]
            default: ["name", "姓名", "名字", "住户姓名", "业主姓名", "人员姓名", "person", "住户", "业主"]
            }
        case .code: ["code", "代码", "编码", "区划代码", "行政区划代码", "统计代码"]
        case .parent:
            ["parent", "上级", "上级代码", "上级编码", "上级名称", "所属", "areaCode", "cityCode", "provinceCode", "parentCode"]
        case .level: ["level", "级别", "层级", "类型"]
        case .address: ["address", "地址", "详细地址", "坐落", "位置"]
        case .estate: ["estate", "小区", "小区名称", "项目", "楼盘"]
        case .building: ["building", "楼栋", "楼号", "栋", "幢", "楼栋号", "栋号", "幢号", "楼", "座"]
        case .staircase: ["staircase", "单元", "单元号", "门", "梯"]
        case .room: ["room", "房号", "房间号", "室", "室号", "户号", "门牌", "门牌号", "房屋", "房间", "unit"]
        case .floorArea: ["floorArea", "建筑面积", "面积", "房屋面积", "平方米", "floor area", "area"]
        case .phone: ["phone", "手机", "手机号", "手机号码", "电话", "联系电话", "联系方式", "mobile", "电话号码"]
        case .relation: ["relation", "关系", "与房屋的关系", "与业主关系", "身份", "住户类型", "人员类型"]
        case .from: ["from", "开始日期", "起始日期", "入住日期", "任职日期", "开始", "起", "first day"]
        case .to: ["to", "结束日期", "截止日期", "到期日期", "搬离日期", "离任日期", "结束", "止", "last day"]
        case .organisation: ["organisation", "organization", "单位", "单位名称", "所属单位", "机构", "组织"]
        case .role: ["role", "岗位角色", "角色", "岗位", "岗位名称"]
        case .area: ["area", "负责片区", "片区", "范围", "服务范围", "责任区"]
        case .birth: ["birth", "出生年月", "出生日期", "生日"]
        case .guardian: ["guardian", "监护人", "监护人姓名", "家长"]
        case .title: ["title", "职务", "职称", "称呼", "头衔"]
        }
    }
}

extension ImportReason {
    package var phrase: Phrase {
        switch self {
        case .unreadable: .reasonUnreadable
        case .missing: .reasonMissing
        case .badName: .reasonBadName
        case .badPhone: .reasonBadPhone
        case .badDate: .reasonBadDate
        case .datesReversed: .reasonDatesReversed
        case .badLevel: .reasonBadLevel
        case .noLevel: .reasonNoLevel
        case .wrongLevel: .reasonWrongLevel
        case .unknownParent: .reasonUnknownParent
        case .severalParents: .reasonSeveralParents
        case .underItself: .reasonUnderItself
        case .underOwnChild: .reasonUnderOwnChild
        case .moves: .reasonMoves
        case .unknownArea: .reasonUnknownArea
        case .unknownEstate: .reasonUnknownEstate
        case .severalEstates: .reasonSeveralEstates
        case .unknownUnit: .reasonUnknownUnit
        case .badRelation: .reasonBadRelation
        case .badRole: .reasonBadRole
        case .unknownOrganisation: .reasonUnknownOrganisation
        case .severalOrganisations: .reasonSeveralOrganisations
        case .outsideOrganisation: .reasonOutsideOrganisation
        case .beyondScope: .reasonBeyondScope
        case .badArea: .reasonBadArea
        case .cutNumber: .reasonCutNumber
        case .mergedCell: .reasonMergedCell
        case .differs: .reasonDiffers
        case .postOverlaps: .reasonPostOverlaps
        case .separatePosts: .refuseSeparatePosts
        case .lastAdministrator: .reasonLastAdministrator
        case .nameTaken: .reasonNameTaken
        case .badTitle: .reasonBadTitle
        case .phoneShared: .reasonPhoneShared
        case .minorContact: .reasonMinorContact
        case .minorGuardian: .reasonMinorGuardian
        case .minorRelation: .reasonMinorRelation
        case .minorBirth: .reasonMinorBirth
        case .tooManyBelow: .reasonTooManyBelow
        }
    }
}

/// Words of cells that mean one of a few things.
enum ImportWords {
    private static let levels: [AreaLevel: [String]] = [
        .province: ["省", "自治区", "直辖市", "province"], .city: ["市", "地级市", "州", "city"],
        .district: ["区", "县", "区县", "district", "county"], .street: ["街道", "镇", "乡", "乡镇", "street"],
        .community: ["社区", "村", "居委会", "community"], .estate: ["小区", "项目", "estate"],
        .building: ["楼栋", "楼", "栋", "幢", "building"], .unit: ["房屋", "户", "室", "unit"],
    ]
    private static let relations: [HomeRelation: [String]] = [
        .owner: ["业主", "产权人", "房主", "户主", "owner", "本人"], .coOwner: ["共有人", "共同业主", "共有业主", "coowner"],
        .tenant: ["租户", "租客", "承租人", "租住", "tenant"],
        .family: ["家人", "家属", "家庭成员", "亲属", "配偶", "子女", "父母", "family"],
    ]

    static func level(_ text: String) -> AreaLevel? {
        let plain = plain(text)
        return AreaLevel.allCases.first { level in
            [level.phrase.zh, level.phrase.en, String(level.rawValue), String(describing: level)].contains {
                self.plain($0) == plain
            } || levels[level]?.contains(plain) == true
        }
    }

    static func relation(_ text: String) -> HomeRelation? {
        let plain = plain(text)
        return HomeRelation.allCases.first { relation in
            [relation.phrase.zh, relation.phrase.en, relation.code].contains { self.plain($0) == plain }
                || relations[relation]?.contains(plain) == true
        }
    }

    static func role(_ text: String) -> Role? {
        let plain = plain(text)
        return Role.allCases.first { role in
            [role.phrase.zh, role.phrase.en, role.code].contains { self.plain($0) == plain }
        }
    }

    static func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }

    /// What dates are written with: 2026年3月18日.
    static let dateSigns: Set<Character> = ["年", "月", "/", ".", "-"]
    static let dateEnd: Character = "日"
    /// Words after the number of a building, a staircase, a room.
    static let buildingWords = ["号楼", "栋", "幢", "座", "楼", "#"]
    static let staircaseWords = ["单元", "门", "梯"]
    static let roomWords = ["室", "号", "房"]
    static let digits: [Character: Int] = [
        "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    ]
    static let ten: Character = "十"
    static let hundred: Character = "百"
}

import Kernel

extension Phrase {
    package static let categoriesTitle = Phrase("事项类别", "Categories of cases")
    static let categoriesLead = Phrase(
        "居民报事、前台登记时按这个顺序选。文字看不出是哪一类的，归最后一类。停用的不能再选，老事项还用着它。",
        "Chosen in this order; what no words suggest goes to the last. Only cases that have a retired one keep it.")
    static let categoryPlace = Phrase("顺序", "Place")
    static let categoryZh = Phrase("中文名", "Chinese name")
    static let categoryEn = Phrase("英文名", "English name")
    static let categoryCode = Phrase("代码（定了不改）", "Code (never changes)")
    static let categoryParty = Phrase("一般谁牵头", "Who usually leads")
    static let categoryHints = Phrase("提示词（空格分开）", "Words that suggest it, with spaces between")
    static let categoryFast = Phrase("走快道", "Fast lane")
    static let categoryYes = Phrase("是", "yes")
    static let categoryNo = Phrase("否", "no")
    static let categoryState = Phrase("用不用", "State")
    static let categoryInUse = Phrase("在用", "in use")
    static let categoryRetired = Phrase("已停用", "retired")
    static let categoryAdd = Phrase("加一类", "Add a category")
    static let categoryAnother = Phrase("加另一类", "Add another")
    static let categoryEdit = Phrase("改这一类", "Change this category")
    static let categoryWhy = Phrase("为什么改", "Why")
    static let categoryOpen = Phrase(
        "还有 {0} 件没办完的事项是这一类；停用以后它们不变。",
        "Open cases of this category: {0}. When it is retired they keep it.")
    static let categoryOpenMany = Phrase(
        "有 {0} 件以上没办完的事项是这一类；停用以后它们不变。",
        "More than {0} open cases are of this category. When it is retired they keep it.")
    static let refuseBadCode = Phrase(
        "代码用小写字母开头，只有小写字母、数字和连字符，2 到 30 个字。",
        "A code begins with a small letter and has only small letters, digits and hyphens, 2 to 30 of them.")
    static let refuseCodeTaken = Phrase("这个代码已经有了，停用的也算。", "This code is there already; retired ones count.")
    static let refuseNameTaken = Phrase("在用的类别里已经有这个名字。", "A category in use has this name already.")
    static let refuseLastCategory = Phrase("只剩这一类了，不能停用。", "This is the last one; it cannot be retired.")
    static let refuseTooManyCategories = Phrase(
        "在用的类别最多 {0} 个，先停用几个。", "At most {0} categories can be in use. Retire some first.")
}

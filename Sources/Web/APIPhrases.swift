import Kernel

extension Phrase {
    package static let apiTitle = Phrase("给程序用的接口", "For programs")
    package static let apiSignIn = Phrase("程序怎么登录", "How a program signs in")
    package static let apiToken = Phrase(
        "登录后在“我的”里做一个口令，选好岗位和权限。口令只显示一次，程序每次请求都带上它。",
        "Sign in, make a token under Me, and choose its post and scopes. It is shown once; send it with each request.")
    package static let apiWrite = Phrase("程序怎么办事", "How a program acts")
    package static let apiRules = Phrase("约定", "What holds everywhere")
    package static let apiScopes = Phrase(
        "口令只能用一个岗位，只能做选好的事；少了权限回答 403。",
        "A token has one post and the scopes that were chosen; 403 says which one is missing.")
    package static let apiKeys = Phrase(
        "办事时带上 Idempotency-Key：一天之内，同一个键、同样的内容只办一次。",
        "Send an Idempotency-Key when you act: within a day the same key with the same content is done once.")
    package static let apiTags = Phrase(
        "单个东西带有 ETag：用 If-None-Match 问有没有变，用 If-Match 防止盖掉别人的改动。",
        "Single things have an ETag: If-None-Match asks whether they changed, If-Match keeps you from overwriting.")
    package static let apiPages = Phrase(
        "列表分页：把 next_cursor 放进 cursor 取下一页，空了就是最后一页。",
        "Lists come in pages: send next_cursor as cursor for the next one; null is the last.")
    package static let apiProblems = Phrase(
        "办不成时回答 application/problem+json，code 是不变的名字，title 用您的语言。",
        "Refusals are application/problem+json: code is a name that stays, title is in your language.")
    package static let apiLimits = Phrase(
        "每分钟的次数有限，RateLimit 里写着还剩多少；超过了回答 429，等 Retry-After 秒再来。",
        "Requests a minute are limited: RateLimit says what is left; after a 429 wait for Retry-After seconds.")
    package static let apiSession = Phrase(
        "浏览器登录后也能用，写的时候带上 X-Form-Token，值在 /api/v1/me 里。",
        "A signed-in browser may call too; its writes carry X-Form-Token, which /api/v1/me tells.")
    package static let apiDocument = Phrase("接口说明（OpenAPI 3.1）", "The document (OpenAPI 3.1)")
    package static let scopeCases = Phrase("事项", "Cases")
    package static let scopeDirectory = Phrase("片区、单位、岗位", "Areas, organisations, posts")
    package static let scopeGovernance = Phrase("组织、聘任、网格、合同、车辆", "Bodies, letters, zones, contracts, vehicles")
    package static let scopeImports = Phrase("导入表格", "Imports")
    package static let scopeHomes = Phrase("认家和邀请", "Homes and invitations")
    package static let scopeRoster = Phrase("值班", "Duty roster")
    package static let scopeRules = Phrase("时限和日历", "Limits and calendar")
    package static let scopeSecurity = Phrase("登录安全和审计", "Security and audit")
    package static let scopeStatistics = Phrase("统计", "Statistics")
    package static let scopeAccount = Phrase("我的消息", "My messages")
    package static let scopeRead = Phrase("看", "read")
    package static let scopeWrite = Phrase("办", "write")
    package static let scopesTitle = Phrase("让程序做什么", "What the program may do")
    package static let scopesAll = Phrase("全部", "everything")
    package static let webBadMethod = Phrase("这个地址不能这样用。", "This address does not take that method.")
    package static let webBadType = Phrase(
        "内容的格式不对，没有收下。", "The content is of a type that is not taken here.")
    package static let webMissingField = Phrase("缺少“{0}”。", "{0} is missing.")
    package static let webBadField = Phrase("“{0}”不对，请看接口说明里的范围。", "{0} is not within what the document says.")
    package static let webUnknownField = Phrase("没有“{0}”这一项。", "There is no field {0} here.")
    package static let webNoScope = Phrase(
        "这个口令没有“{0}”的权限，请到“我的”重新做一个。", "This token does not carry the scope {0}. Make another under Me.")
    package static let webChangedSince = Phrase(
        "您看过之后有人改过了，没有保存。请重新取一次再改。", "It was changed since you read it; nothing was saved. Read it again.")
    package static let webKeyInUse = Phrase(
        "带着同一个键的请求还在办，请稍等再问。", "A request with this key is still under way. Ask again in a moment.")
    package static let webKeyUnsettled = Phrase(
        "带着同一个键的请求中途断了，不知道办成没有。请先看看，没有办成就换一个键重来。",
        "A request with this key broke off and may or may not be done. Look first, then use another key.")
    package static let webKeyForOther = Phrase(
        "这个键已经用在别的内容上了，请换一个键。", "This key was used for other content. Use another key.")
    package static let webShownOnce = Phrase(
        "已经做好了，内容只在第一次显示。", "It is made already, and was shown that one time only.")
}

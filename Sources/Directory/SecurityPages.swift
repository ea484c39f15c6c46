import Kernel
import Web

/// The policy of the house: what is in force, the choice, and every version with who and why.
struct SecurityPage: Sendable {
    let now: DirectoryHouse.SecurityNow
    var typed: Typed?
    var refusal: DirectoryRefusal?

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let edit: HTML =
            now.mayEdit ? form(context) : "<p class=\"card soft\">\(words(.securityHouseOnly))</p>"
        return """
            <div class="stack-l"><div><h1>\(words(.securityTitle))</h1><p class="soft">\(words(.securityLead))</p></div>
            <p class="btns">\
            <a class="btn" href="/desk/security/people">\(words(.staffAccountsTitle))</a>\
            <a class="btn" href="/desk/security/sessions">\(words(.staffSessionsTitle))</a></p>
            \(profiles(context))\(edit)\(history(context, say))</div>
            """
    }

    private func profiles(_ context: WebContext) -> HTML {
        let words = context.words
        let heads: [Phrase] = [
            .profileName, .profileLength, .profileKinds, .profileAge, .profileHistory, .profileLock, .profileSource,
        ]
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            now.profiles.map { p -> HTML in
                let mark: HTML =
                    p.code == now.current.profile
                    ? " <span class=\"state ok\">\(words(.profileInForce))</span>" : .empty
                return """
                    <tr><td><b>\(Self.name(p.code, words))</b>\(mark)</td><td class="num">\(p.least)</td>\
                    <td class="num">\(p.classes)</td><td class="num">\(p.ageDays)</td><td class="num">\(p.history)</td>\
                    <td class="num">\(p.failures) / \(p.lockMinutes)</td>\
                    <td class="small">\(p.source) <span class="num">\(p.since.description)</span></td></tr>
                    """
            })
        return """
            <section class="stack-s"><h2>\(words(.profileTitle))</h2><div class="card scroll" role="region" \
            tabindex="0" aria-label="\(words(.profileTitle))"><table class="plain"><thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div></section>
            """
    }

    static func name(_ code: String, _ words: Words) -> String {
        switch code {
        case "asvs5": words(.profileASVS)
        case "djbh": words(.profileDJBH)
        default: code
        }
    }

    private func form(_ context: WebContext) -> HTML {
        let words = context.words
        let chosen = Set(typed?.all("factor") ?? now.current.factorRoles.map(\.code))
        let combines = typed.map { $0["combines"] == "1" } ?? now.current.combines
        let roles = Role.allCases.map { (value: $0.code, text: words($0.phrase)) }
        let boxes = HTML.joined(
            roles.map { role -> HTML in
                let mark: HTML = chosen.contains(role.value) ? " checked" : ""
                return """
                    <label class="chip"><input type="checkbox" name="factor" value="\(role.value)"\(mark)>\
                    <span>\(role.text)</span></label>
                    """
            })
        let profiles = now.profiles.map { (value: $0.code, text: Self.name($0.code, words)) }
        let both: HTML = combines ? " checked" : ""
        let profile = typed?["profile"] ?? now.current.profile
        return """
            <form class="card stack narrow" method="post" action="/desk/security">\(Layout.token(context))\
            <input type=hidden name=version value="\(now.newest)"><h2>\(words(.policyChange))</h2>
            \(Form.summary(refusal, context))
            \(Form.select("profile", label: words(.profileTitle), profiles, chosen: profile))
            \(Form.error(refusal, for: "profile", context))
            <fieldset><legend>\(words(.policyFactor))</legend><div class="chips">\(boxes)</div></fieldset>
            <p><label><input type="checkbox" name="combines" value="1"\(both)> \(words(.policyCombines))</label></p>
            <div class="field"><label for="start">\(words(.policyStart)) \
            <span class="soft">\(words(.optional))</span></label><input class="in" type="datetime-local" id="start" name="start" value="\(typed?["start"] ?? "")"\
            \(Form.invalid(refusal, "start"))>\(Form.error(refusal, for: "start", context))</div>
            <div class="field"><label for="why">\(words(.policyWhy))</label><input class="in" id="why" name="why" \
            maxlength="120" required value="\(typed?["why"] ?? "")"\(Form.invalid(refusal, "why"))>\
            \(Form.error(refusal, for: "why", context))</div>
            <button class="btn primary">\(words(.save))</button></form>
            """
    }

    // MARK: The past

    private func history(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let items = now.history.enumerated().map { index, one -> HTML in
            let before = index + 1 < now.history.count ? now.history[index + 1] : nil
            let mark: HTML =
                one.version == now.current.version
                ? " <span class=\"state ok\">\(words(.profileInForce))</span>"
                : one.from > say.now ? " <span class=\"state wait\">\(words(.policyPlanned))</span>" : .empty
            let who = one.by.flatMap { now.names[$0] } ?? words(.policyByHouse)
            let changes = Self.changes(from: before, to: one, words)
            let lines = HTML.joined(changes.map { "<small>\($0)</small>" as HTML })
            let again: HTML =
                one.version != now.current.version && now.mayEdit ? restore(one, context) : .empty
            return """
                <li class="row"><span class="grow"><b class="num">\(one.version)</b>\(mark) \(one.why)\
                <small>\(who) · \(say.time(one.at)) · \(words(.policyFrom)) \(say.time(max(one.from, one.at)))</small>\
                \(lines)</span>\(again)</li>
                """
        }
        return """
            <section class="stack-s"><h2>\(words(.policyHistory))</h2>\
            <ul class="card rows">\(HTML.joined(items))</ul>\(ExportLinks.make("security-policies", context))</section>
            """
    }

    /// What one version changed, in words.
    static func changes(from old: SecurityPolicy?, to new: SecurityPolicy, _ words: Words) -> [String] {
        var lines: [String] = []
        if old?.profile != new.profile {
            lines.append("\(old.map { name($0.profile, words) } ?? "–") → \(name(new.profile, words))")
        }
        func roles(_ policy: SecurityPolicy?) -> String {
            let list = words.list((policy?.factorRoles ?? []).map { words($0.phrase) })
            return list.isEmpty ? "–" : list
        }
        if (old?.factorRoles ?? []) != new.factorRoles {
            lines.append("\(words(.policyFactor)) \(roles(old)) → \(roles(new))")
        }
        if (old?.combines ?? false) != new.combines {
            let sign = { (isOn: Bool) in words(isOn ? .policyYes : .policyNo) }
            lines.append("\(words(.policyCombines)) \(sign(old?.combines ?? false)) → \(sign(new.combines))")
        }
        return lines
    }

    /// The same once more, as a new version.
    private func restore(_ one: SecurityPolicy, _ context: WebContext) -> HTML {
        let words = context.words
        let fields = HTML.joined(
            one.factorRoles.map { "<input type=hidden name=factor value=\"\($0.code)\">" as HTML })
        let both: HTML = one.combines ? "<input type=hidden name=combines value=1>" : .empty
        return """
            <form method="post" action="/desk/security">\(Layout.token(context))\
            <input type=hidden name=version value="\(now.newest)"><input type=hidden name=profile \
            value="\(one.profile)">\(fields)\(both)<input type=hidden name=why \
            value="\(words(.policyRestored, String(one.version)))">\
            <button class="btn" aria-label="\(words(.policyRestore)) \(one.version)">\
            \(words(.policyRestore))</button></form>
            """
    }
}

/// Sessions of staff in reach, each with one button.
struct StaffSessionsPage: Sendable {
    let rows: [StaffSession]
    let hasMore: Bool
    let current: Int64?

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let items = rows.map { row -> HTML in
            let id = ID<StaffSessionTag>(row.id).text
            let device = MePage.device(row.device)
            let here: HTML =
                row.id == current ? " <span class=\"state ok\">\(words(.meThisDevice))</span>" : .empty
            return """
                <li class="row"><span class="grow"><b>\(row.name)</b>\(here)<small>\(device) · \
                \(say.time(row.created)) – \(say.time(row.seen))</small></span><form method="post" \
                action="\(Href("/desk/security/sessions/", id, "/end"))">\(Layout.token(context))<button class="btn" \
                aria-label="\(words(.sessionEnd)) \(row.name)">\(words(.sessionEnd))</button></form></li>
                """
        }
        let list: HTML =
            items.isEmpty
            ? "<p class=\"card soft\">\(words(.auditNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(items))</ul>"
        let last = hasMore ? rows.last.map { ID<StaffSessionTag>($0.id).text } ?? "" : ""
        let more: HTML =
            last.isEmpty
            ? .empty
            : """
            <p><a class="btn" href="\(Href("/desk/security/sessions", query: [("cursor", last)]))">\
            \(words(.securityMore))</a></p>
            """
        return """
            <div class="stack-l"><div><h1>\(words(.staffSessionsTitle))</h1>\
            <p class="soft">\(words(.staffSessionsLead))</p></div>\(list)\(more)\
            \(ExportLinks.make("staff-sessions", context))\
            <p><a href="/desk/security">\(words(.securityTitle))</a></p></div>
            """
    }
}

/// Accounts of staff in reach: locks, second factors, tokens.
struct StaffAccountsPage: Sendable {
    let rows: [StaffAccount]
    let hasMore: Bool
    let now: Instant
    /// Whose form came back, with what was typed.
    var sent: PersonID?
    var why = ""
    var refusal: DirectoryRefusal?

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let list: HTML =
            rows.isEmpty
            ? "<p class=\"card soft\">\(words(.auditNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(rows.map { row($0, context, say) }))</ul>"
        let last = hasMore ? rows.last?.person.text ?? "" : ""
        let more: HTML =
            last.isEmpty
            ? .empty
            : """
            <p><a class="btn" href="\(Href("/desk/security/people", query: [("cursor", last)]))">\
            \(words(.securityMore))</a></p>
            """
        return """
            <div class="stack-l"><div><h1>\(words(.staffAccountsTitle))</h1>\
            <p class="soft">\(words(.staffAccountsLead))</p></div>\(Form.summary(refusal, context))\(list)\(more)\
            \(ExportLinks.make("staff-accounts", context))\
            <p><a href="/desk/security">\(words(.securityTitle))</a></p></div>
            """
    }

    private func row(_ one: StaffAccount, _ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let place = Href("/desk/security/people/", one.person.text)
        let isLocked = one.lockedUntil > now
        let locked: HTML =
            isLocked
            ? " <span class=\"state late\">\(words(.accountLocked, Say.exact(one.lockedUntil)))</span>" : .empty
        let factor: HTML =
            one.factorSince != nil
            ? " <span class=\"state ok\">\(words(.accountFactor))</span>"
            : " <span class=\"state\">\(words(.accountNoFactor))</span>"
        let roles = words.list(one.roles.map { words($0.phrase) })
        let login = one.login.isEmpty ? words(.accountNoLogin) : one.login
        let open: HTML = sent == one.person ? " open" : .empty
        let mine = sent == one.person ? refusal : nil
        let name = "why-\(one.person.text)"
        let unlock: HTML =
            isLocked
            ? """
            <form method="post" action="\(place)">\(Layout.token(context))<input type=hidden name=way value=unlock>\
            <button class="btn">\(words(.accountUnlock))</button></form>
            """
            : .empty
        let reset: HTML =
            one.factorSince == nil
            ? .empty
            : """
            <form class="stack-s" method="post" action="\(place)">\(Layout.token(context))<input type=hidden name=way \
            value=factor><div class="field"><label for="\(name)">\(words(.accountResetWhy))</label><input class="in" \
            id="\(name)" name="why" maxlength="120" required value="\(mine == nil ? "" : why)">\
            \(Form.error(mine, for: "why", context))</div><button class="btn">\(words(.accountReset))</button></form>
            """
        return """
            <li class="row"><span class="grow"><b>\(one.name)</b>\(factor)\(locked)<small>\(login) · \(roles) · \
            \(words(.accountTokens, String(one.tokens)))</small><details\(open)><summary>\(words(.accountActs))\
            </summary><div class="stack-s">\(unlock)\(reset)<form class="stack-s" method="post" action="\(place)">\
            \(Layout.token(context))<input type=hidden name=way value=end><label class="chip"><input type="checkbox" \
            name="tokens" value="1"><span>\(words(.accountTokensToo))</span></label><button class="btn">\
            \(words(.accountEnd))</button></form></div></details></span></li>
            """
    }
}

import Kernel
import Web

extension AuditView {
    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let waiting: HTML =
            unsealedSince.map { since in
                "<p class=\"help\">\(words(.auditUnsealed, String(unsealed))) \(say.time(since))</p>"
            } ?? "<p class=\"help\">\(words(.auditAllSealed))</p>"
        return """
            <div class="stack-l"><div><h1>\(words(.auditTitle))</h1><p class="soft">\(words(.auditLead))</p></div>
            \(filter(context))\(waiting)\(rows(context))\(more(context))</div>
            """
    }

    private func filter(_ context: WebContext) -> HTML {
        let words = context.words
        func day(_ name: StaticString, _ label: Phrase, _ value: String) -> HTML {
            """
            <div class="field"><label for="\(name.description)">\(words(label))</label><input class="in" type="date" \
            id="\(name.description)" name="\(name.description)" value="\(value)"\
            \(Form.invalid(refusal, name.description))>\(Form.error(refusal, for: name.description, context))</div>
            """
        }
        func text(_ name: StaticString, _ label: Phrase, _ value: String) -> HTML {
            """
            <div class="field"><label for="\(name.description)">\(words(label))</label><input class="in" \
            id="\(name.description)" name="\(name.description)" maxlength="64" autocomplete=off autocapitalize="none" \
            spellcheck="false" value="\(value)"\(Form.invalid(refusal, name.description))>\
            \(Form.error(refusal, for: name.description, context))</div>
            """
        }
        let kinds = [("", words(.auditAny))] + AuditKind.allCases.map { ($0.rawValue, words($0.phrase)) }
        let places = [("", words(.auditAny))] + areas.map { ($0.id.text, $0.name) }
        return """
            <form class="card stack" method="get" action="/desk/audit">\(Form.summary(refusal, context))
            <div class="inline">\(day("from", .auditFrom, asked.from))\(day("to", .auditTo, asked.to))\
            \(Form.select("kind", label: words(.auditKind), kinds, chosen: asked.kind))\
            \(Form.select("area", label: words(.auditArea), places, chosen: asked.area))</div>
            <div class="inline">\(text("actor", .auditActorField, asked.actor))\
            \(text("subject", .auditSubject, asked.subject))\
            \(text("address", .auditAddress, asked.address))</div>
            <div class="btns"><button class="btn primary">\(words(.auditShow))</button>\
            <button class="btn" name="way" value="export">\(words(.auditExport))</button>\
            <button class="btn" name="way" value="export-xlsx">\(words(.auditExportXLSX))</button></div></form>
            """
    }

    private func rows(_ context: WebContext) -> HTML {
        let words = context.words
        guard !lines.isEmpty else { return "<p class=\"card soft\">\(words(.auditNone))</p>" }
        let heads: [Phrase] = [
            .auditTime, .auditVerb, .auditActor, .auditAddress, .auditArea, .auditSubject, .auditSeal,
        ]
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            lines.map { one -> HTML in
                let line = one.line
                let who = line.actor?.text ?? ""
                let role = one.role.map { words($0.phrase) } ?? ""
                let address = line.address ?? (line.lostAddress ? words(.auditAddressGone) : "")
                let why: HTML = line.words.map { "<br><small>\(words(.auditWords)): \($0)</small>" } ?? .empty
                let subject = line.subject > 0 ? ID<AuditTag>(line.subject).text : ""
                return """
                    <tr><td class="num">\(Say.exact(line.at))</td><td>\(line.verb)\(why)</td>\
                    <td class="small">\(role) <span class="num">\(who)</span></td><td class="num small">\(address)</td><td>\(one.area)</td>\
                    <td class="num small">\(subject)</td><td>\(state(one.seal, words))</td></tr>
                    """
            })
        return """
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.auditTitle))">\
            <table class="plain"><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table></div>
            """
    }

    private func state(_ state: SealState, _ words: Words) -> HTML {
        let mark: HTML =
            switch state {
            case .waiting: "state wait"
            case .sealed: "state"
            case .holds: "state ok"
            case .broken: "state late"
            }
        return "<span class=\"\(mark)\">\(words(state.phrase))</span>"
    }

    private func more(_ context: WebContext) -> HTML {
        guard let next else { return .empty }
        let words = context.words
        let place = Href("/desk/audit", query: asked.pairs + [("cursor", ID<AuditTag>(next).text)])
        let looked: HTML =
            lookedTo.map { "<p class=\"help\">\(words(.auditLookedTo, Say.exact($0)))</p>" } ?? .empty
        return "\(looked)<p><a class=\"btn\" href=\"\(place)\">\(words(.auditOlder))</a></p>"
    }
}

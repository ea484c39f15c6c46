import Kernel
import Testing

@testable import Web

/// The parts of pages: what was typed is kept, what was wrong stands beside its field, nothing typed becomes markup.
@Suite struct PageKitTests {
    private enum Wrong: Refusal {
        case name
        var kind: RefusalKind { .invalid }
        var field: String? { "name" }
        var message: Message { Phrase.errorKept() }
    }

    private struct Kit: PageKit {
        let context: WebContext
        let look: PageLook
        var way = ""
        var fields: [String: [String]] = [:]
        var refusal: (any Refusal)?
        func typed(_ field: String) -> [String] { fields[field] ?? [] }
    }

    private func kit(_ look: PageLook, way: String = "", _ fields: [String: [String]] = [:]) -> Kit {
        Kit(
            context: WebContext(offline: .visitor), look: look, way: way, fields: fields,
            refusal: way.isEmpty ? nil : Wrong.name)
    }

    private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }

    @Test func aFormThatCameBackKeepsItsWordsAndNobodyElses() {
        for look in [PageLook.register, .shift] {
            let back = kit(
                look, way: "one",
                [
                    "name": ["<b>\"&"], "words": ["</textarea>"], "kind": ["2"], "part": ["a", "c"],
                    "day": ["2026-13-01"],
                ])
            let name = text(back.text("one", "name", .optional, value: "before"))
            #expect(name.contains("value=\"&lt;b&gt;&quot;&amp;\"") || name.contains("value=\"&lt;b&gt;&#34;&amp;\""))
            #expect(name.contains("aria-invalid=true") && name.contains(text("\(back.words(.errorKept))")))
            #expect(name.contains(look.namesForms ? "id=\"one-name-error\"" : "id=\"name-error\""))
            // Another form of the page with a field of the same name is as it was.
            let other = text(back.text("two", "name", .optional, value: "before"))
            #expect(other.contains("value=\"before\"") && !other.contains("aria-invalid"))
            #expect(!text(back.long("one", "words", .optional)).contains("></textarea></textarea>"))
            #expect(text(back.long("one", "words", .optional)).contains("&lt;/textarea"))
            #expect(text(back.day("one", "day", .optional, value: Day(number: 1))).contains("2026-13-01"))
            let options = [(value: "1", label: "a"), (value: "2", label: "b")]
            #expect(text(back.select("one", "kind", .optional, options, value: "1")).contains("value=\"2\" selected"))
            #expect(text(back.select("two", "kind", .optional, options, value: "1")).contains("value=\"1\" selected"))
            let parts = [(value: "a", label: "A"), (value: "b", label: "B"), (value: "c", label: "C")]
            #expect(text(back.checks("one", "part", .optional, parts)).ranges(of: " checked").count == 2)
            #expect(text(back.checks("two", "part", .optional, parts, value: ["b"])).ranges(of: " checked").count == 1)
            let open = text(back.form("one", Href("/x"), .optional, hidden: [("v", "\"")]))
            let shut = text(back.form("two", Href("/x"), .optional))
            #expect(open.contains("<details class=\"\(text(look.folded))\" open>") && open.contains("role=\"alert\""))
            #expect(!shut.contains(" open>") && !shut.contains("role=\"alert\"") && !open.contains("value=\"\"\""))
        }
    }

    @Test func onlyWhatMayStayEmptySaysSoAndOneButtonIsRed() {
        let (register, shift) = (kit(.register), kit(.shift))
        let word = register.words(.optional)
        #expect(!text(register.text("f", "n", .errorKept)).contains(word))
        #expect(text(register.text("f", "n", .errorKept, required: false)).contains(">\(word)</span>"))
        #expect(text(shift.text("f", "n", .errorKept, required: false)).contains(">\(word)</small>"))
        #expect(text(register.text("f", "n", .errorKept)).contains(" required"))
        #expect(!text(register.text("f", "n", .errorKept, required: false)).contains(" required"))
        #expect(text(register.form("f", Href("/x"), .optional)).contains("btn primary"))
        #expect(!text(register.form("f", Href("/x"), .optional, primary: false)).contains("btn primary"))
        #expect(!text(shift.form("f", Href("/x"), .optional)).contains("btn primary"))
        #expect(text(shift.form("f", Href("/x"), .optional, primary: true)).contains("btn primary"))
    }

    /// A browser refuses to send a choice that is needed and empty: one that may be none is not needed.
    @Test func aChoiceThatMayBeNoneIsNotNeeded() {
        let kit = kit(.rights)
        let (some, none) = ([(value: "a", label: "A")], [(value: "", label: "None"), (value: "a", label: "A")])
        let needed = text(kit.select("f", "n", .errorKept, some))
        #expect(needed.contains(" required") && needed.contains("<option value=\"\"></option>"))
        let known = text(kit.select("f", "n", .errorKept, some, value: "a"))
        #expect(known.contains(" required") && !known.contains("<option value=\"\">"))
        for value in ["", "a"] {
            let free = text(kit.select("f", "n", .errorKept, none, value: value))
            #expect(!free.contains(" required") && free.ranges(of: "<option value=\"\"").count == 1)
        }
    }

    @Test func listsSayWhenTheyAreEmptyAndEscapeTheirWords() {
        let kit = kit(.register)
        #expect(text(kit.rows([], none: .optional)).contains("card soft"))
        #expect(text(kit.table([.optional], [], none: .optional)).contains("card soft"))
        let row = text(kit.rows([kit.row("<i>", "\("<u>")", tag: "&")], none: .optional))
        #expect(row.contains("&lt;i&gt;") && row.contains("&lt;u&gt;") && row.contains(">&amp;</span>"))
        let table = text(kit.table([.optional], [["\("<u>")"]], none: .optional, label: "<x>"))
        #expect(table.contains("<td class=\"small\">&lt;u&gt;</td>") && table.contains("aria-label=\"&lt;x&gt;\""))
        #expect(!text(kit.facts([(.optional, .empty), (.errorKept, "x")])).contains(kit.words(.optional)))
    }

    /// The sign between names is the language's own.
    @Test func namesInARowAreJoinedAsTheLanguageDoes() {
        let (zh, en) = (Words(language: .zh), Words(language: .en))
        #expect(zh.list(["3 号楼", "5 号楼", "7 号楼"]) == "3 号楼、5 号楼、7 号楼")
        #expect(en.list(["Building 3", "Building 5"]) == "Building 3, Building 5")
        #expect(zh.list([]).isEmpty && en.list([]).isEmpty)
        #expect(zh.list(["一"]) == "一" && en.list(["one"]) == "one")
    }
}

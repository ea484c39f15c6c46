/// The languages of every page. Simplified Chinese comes first.
package enum Language: String, CaseIterable, Sendable {
    case zh = "zh-Hans"
    case en = "en"
}

/// One text of the catalogue, in every language. Phrases are static members in `…Phrases.swift` files, so a missing
/// translation does not compile; a test finds phrases that nobody uses, placeholders that do not match, and Chinese
/// words outside the catalogue. Placeholders are `{0}`, `{1}` ….
package struct Phrase: Sendable {
    package let zh: String
    package let en: String

    package init(_ zh: String, _ en: String) {
        self.zh = zh
        self.en = en
    }

    package func text(_ language: Language) -> String { language == .zh ? zh : en }

    package func text(_ language: Language, _ arguments: [String]) -> String {
        let pattern = text(language)
        guard !arguments.isEmpty, pattern.utf8.contains(0x7B) else { return pattern }
        var result = ""
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { break }
            result += rest[..<open]
            if let index = Int(rest[rest.index(after: open)..<close]), arguments.indices.contains(index) {
                result += arguments[index]
            } else {
                result += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// The phrase with its arguments, to be said in a language later.
    package func callAsFunction(_ arguments: String...) -> Message { Message(self, arguments) }
}

/// A phrase with its arguments.
package struct Message: Sendable {
    package let phrase: Phrase
    package let arguments: [String]
    package init(_ phrase: Phrase, _ arguments: [String] = []) {
        self.phrase = phrase
        self.arguments = arguments
    }
    package func text(_ language: Language) -> String { phrase.text(language, arguments) }
}

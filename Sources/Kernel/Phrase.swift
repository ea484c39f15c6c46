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
        var result: [UInt8] = []
        result.reserveCapacity(pattern.utf8.count + arguments.reduce(0) { $0 + $1.utf8.count })
        var digits: Int?
        var open = 0
        for byte in pattern.utf8 {
            result.append(byte)
            if byte == 0x7B {
                (open, digits) = (result.count - 1, 0)
            } else if byte == 0x7D, let index = digits, result.count > open + 2, arguments.indices.contains(index) {
                result.removeSubrange(open...)
                result.append(contentsOf: arguments[index].utf8)
                digits = nil
            } else if let value = digits, (0x30...0x39).contains(byte), value < 100 {
                digits = value * 10 + Int(byte - 0x30)
            } else {
                digits = nil
            }
        }
        return String(decoding: result, as: UTF8.self)
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

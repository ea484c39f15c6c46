/// Suggests a category from the words, by the hints that the categories carry. The longest hint wins, the first of
/// equals; nothing found suggests nothing.
package enum CategorySuggestion {
    /// A hint as bytes: UTF-8 can be searched as such, a character never begins inside another.
    package struct Hint: Sendable {
        let bytes: [UInt8]
        let length: Int
        let category: Category
    }

    package static func hints(_ categories: [Category]) -> [Hint] {
        categories.flatMap { category in
            category.hints.split(separator: " ").map {
                Hint(bytes: Array($0.utf8), length: $0.count, category: category)
            }
        }
    }

    package static func suggest(_ words: String, from hints: [Hint]) -> Category? {
        var words = words
        return words.withUTF8 { text in
            var best: Hint?
            for hint in hints where hint.length > best?.length ?? 0 && contains(text, hint.bytes) { best = hint }
            return best?.category
        }
    }

    private static func contains(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8]) -> Bool {
        guard let first = part.first, text.count >= part.count else { return false }
        var start = 0
        while start + part.count <= text.count {
            if text[start] == first {
                var index = 1
                while index < part.count, text[start + index] == part[index] { index += 1 }
                if index == part.count { return true }
            }
            start += 1
        }
        return false
    }
}

/// Suggests a category from the words, by the hints that the categories carry. The longest hint wins; nothing found
/// gives the last category, "something else".
package enum CategorySuggestion {
    package static func suggest(_ words: String, from categories: [Category]) -> Category? {
        var best: (Category, Int)?
        for category in categories {
            for hint in category.hints.split(separator: " ") where words.contains(hint) {
                if hint.count > best?.1 ?? 0 { best = (category, hint.count) }
            }
        }
        return best?.0 ?? categories.last
    }
}

import Kernel

/// What somebody typed into the search box, taken apart.
struct FindQuery: Sendable {
    static let longest = 60
    private static let mostWords = 4

    enum Problem: Sendable, Equatable { case empty, tooShort, tooLong, partOfPhone }

    /// Terms of names and numbers, all of which a person must have; nil where something else was typed too.
    private(set) var people: [[Int64]]?
    /// Words of names of places, all of which must fit.
    private(set) var places: [[Int64]] = []
    /// Words beside an address: the estate that it is in has all of them.
    private(set) var beside: [[Int64]] = []
    /// An address: one of these.
    private(set) var address: [Int64] = []
    /// What stands before the building, to be looked for as a name: 桂花苑 of 桂花苑3号楼.
    private(set) var before: String = ""
    private(set) var problem: Problem?
    /// For the audit: what kind of words these were, never the words.
    private(set) var kind: String = ""

    var asksForPeople: Bool { !(people ?? []).isEmpty }

    init(_ typed: String, secrets: Secrets) {
        guard typed.unicodeScalars.count <= Self.longest else {
            problem = .tooLong
            return
        }
        let words = typed.split(whereSeparator: { $0.isWhitespace || FindWords.separators.contains($0) }).map(
            String.init)
        guard !words.isEmpty, words.contains(where: { !FindTerms.folded($0).text.isEmpty }) else {
            problem = .empty
            return
        }
        people = []
        // 3 2 501: one address in several words, and a phone in groups of digits.
        let isSpaced =
            words.count > 1 && words.allSatisfy { !$0.isEmpty && UnitKey.plain($0).utf8.allSatisfy(Self.isDigit) }
        if let phone = Phone(typed), phone.isMobile {
            add(phone: FindTerms.term(.phone, secrets.phoneIndex(phone)))
        } else if isSpaced, words.count <= 3, let found = UnitAddress(words.joined(separator: "-")) {
            take(found)
        } else {
            for word in words.prefix(Self.mostWords) { take(word, secrets) }
        }
        let isAsking = asksForPeople || !places.isEmpty || !address.isEmpty
        if isAsking { problem = nil } else if problem == nil { problem = .tooShort }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private mutating func add(phone term: Int64) {
        people?.append([term])
        kind = "phone"
    }

    private mutating func take(_ found: UnitAddress) {
        address = found.terms
        before = found.before
        kind = "address"
        if !found.isWeak { (people, places) = (nil, []) }
    }

    private mutating func take(_ word: String, _ secrets: Secrets) {
        let plain = UnitKey.plain(word)
        if plain.utf8.allSatisfy(Self.isDigit) {
            if let found = UnitAddress(plain) { address = found.terms }
            if let tail = secrets.phoneTail(plain) {
                add(phone: FindTerms.term(.tail, tail))
            } else {
                people = people.flatMap { $0.isEmpty ? nil : $0 }
                problem = plain.utf8.count > 4 ? .partOfPhone : .tooShort
            }
            return
        }
        let name = FindTerms.folded(word)
        if let found = UnitAddress(word) {
            take(found)
            guard found.isWeak, name.hasHan else { return }
            // A name may look like an address too.
            let term = FindTerms.term(.han, name.text)
            people?.append([term])
            places.append([term])
        } else if name.hasHan || (name.text.utf8.count >= 2 && name.hasLetter) {
            let term = FindTerms.term(name.hasHan ? .han : .latin, name.text)
            people?.append([term])
            beside.append([term])
            if address.isEmpty || !places.isEmpty { places.append([term]) }
        } else {
            problem = .tooShort
            return
        }
        if kind.isEmpty { kind = name.hasHan ? "name" : "pinyin" }
    }
}

/// An address inside an estate in one of its usual spellings (rules.md 16.1): 3号楼2单元501室, 3-2-501, 3幢501, 三号楼.
struct UnitAddress: Equatable {
    /// What stands before it, such as the name of the estate.
    private(set) var before = ""
    private(set) var terms: [Int64] = []
    /// One number with one word after it, which names of places have too.
    private(set) var isWeak = false

    private enum Mark { case building, staircase, room, none }

    /// Nil for anything else.
    init?(_ typed: String) {
        var parts: [(mark: Mark, text: String)] = []
        var rest = Substring(UnitKey.plain(Pinyin.simple(typed)))
        var current = ""
        let words: [(Mark, [String])] = [
            (.building, ImportWords.buildingWords.sorted { $0.count > $1.count }),
            (.staircase, ImportWords.staircaseWords), (.room, ImportWords.roomWords),
        ]
        scan: while let first = rest.first {
            if first == "-" || first == "/" {
                if !current.isEmpty { parts.append((.none, current)) }
                current = ""
                rest = rest.dropFirst()
                continue
            }
            if let last = current.last, Self.isNumber(last) {
                for (mark, list) in words {
                    for word in list where rest.hasPrefix(word) {
                        let after = rest.dropFirst(word.count)
                        // 号 may begin 号楼 and stand inside a name: only the end of the text makes a room of it.
                        if mark == .room, !after.isEmpty { continue }
                        parts.append((mark, current))
                        current = ""
                        rest = after
                        continue scan
                    }
                }
            }
            current.append(first)
            rest = rest.dropFirst()
        }
        if !current.isEmpty { parts.append((.none, current)) }
        guard let first = parts.first else { return nil }
        // The number at the end of the first part; what is before it is a name.
        let number = String(first.text.reversed().prefix(while: Self.isNumber).reversed())
        guard !number.isEmpty else { return nil }
        before = String(first.text.dropLast(number.count))
        parts[0].text = number
        guard parts.dropFirst().allSatisfy({ (1...8).contains($0.text.count) && $0.text.allSatisfy(Self.isNumber) }),
            (1...8).contains(number.count), parts.count <= 4
        else { return nil }
        if parts.count == 4 { parts.removeFirst() }
        let marks = parts.map(\.mark)
        let texts = parts.map(\.text)
        switch parts.count {
        case 1:
            switch marks[0] {
            case .building:
                terms = [FindTerms.building(texts[0])]
                isWeak = true
            case .staircase: return nil
            case .room: terms = [Self.room("", "", texts[0])]
            case .none:
                let digits = texts[0].utf8.allSatisfy { (0x30...0x39).contains($0) }
                guard before.isEmpty, digits, (3...4).contains(texts[0].utf8.count) else { return nil }
                terms = [Self.room("", "", texts[0])]
            }
        case 2:
            switch (marks[0], marks[1]) {
            case (.building, .staircase): terms = [FindTerms.building(texts[0])]
            case (.building, _): terms = [Self.room(texts[0], "", texts[1])]
            case (.staircase, _): terms = [Self.room("", texts[0], texts[1])]
            default: terms = [Self.room(texts[0], "", texts[1]), Self.room("", texts[0], texts[1])]
            }
        default: terms = [Self.room(texts[0], texts[1], texts[2])]
        }
    }

    private static func room(_ building: String, _ staircase: String, _ room: String) -> Int64 {
        let key = UnitKey(building: building, staircase: staircase, room: room)
        return FindTerms.term(.room, key.building + "|" + key.room)
    }

    /// Digits, Chinese numerals, and letters as in A座.
    private static func isNumber(_ character: Character) -> Bool {
        character.isASCII
            ? character.isNumber || character.isLetter
            : ImportWords.digits[character] != nil || character == ImportWords.ten || character == ImportWords.hundred
    }
}

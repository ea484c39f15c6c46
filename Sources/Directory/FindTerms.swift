/// What a name is found by: itself and its parts, in characters, in pinyin and in initials. A term is a number, so that
/// names of all lengths cost the same; equal terms stand for equal texts.
enum FindTerms {
    /// Raised when names give other terms than before: every row is then indexed anew.
    static let edition: Int64 = 1
    /// Parts of a name longer than this are found from where they begin to the end of the name only.
    private static let longestRun = 4
    private static let mostUnits = 24
    private static let mostTerms = 400
    /// Readings of one part: 重庆 has two, and a name of many such characters not all of theirs.
    private static let mostReadings = 6

    enum Kind: UInt8 {
        /// Names with Chinese characters.
        case han = 0x68
        /// Latin letters: pinyin, initials, names in Latin letters.
        case latin = 0x6C
        case building = 0x62
        case room = 0x72
        case phone = 0x70
        case tail = 0x74
    }

    /// FNV-1a, 64 bits.
    static func term(_ kind: Kind, _ text: some StringProtocol) -> Int64 { term(kind, text.utf8) }

    static func term(_ kind: Kind, _ bytes: some Sequence<UInt8>) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        hash = (hash ^ UInt64(kind.rawValue)) &* 0x100_0000_01b3
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }

    // MARK: Reading

    /// One character, or one word of Latin letters or digits.
    struct Unit: Equatable {
        var text: String
        var isHan: Bool
        var readings: [String]
    }

    /// Half-width, small, plain characters; what is neither letter nor digit only parts words.
    static func units(_ text: String) -> [Unit] {
        var result: [Unit] = []
        var word = ""
        func flush() {
            if !word.isEmpty { result.append(Unit(text: word, isHan: false, readings: [word])) }
            word = ""
        }
        for scalar in text.unicodeScalars {
            if result.count >= mostUnits { break }
            switch plain(scalar) {
            case .letter(let letter):
                let isDigit = ("0"..."9").contains(letter)
                if let last = word.last, ("0"..."9").contains(last) != isDigit { flush() }
                word.append(letter)
            case .han(let character):
                flush()
                let own = Pinyin.readings[scalar] ?? Pinyin.readings[character] ?? []
                result.append(Unit(text: String(Character(character)), isHan: true, readings: own))
            case .none: flush()
            }
        }
        flush()
        return Array(result.prefix(mostUnits))
    }

    enum Plain { case letter(Character), han(Unicode.Scalar), none }

    static func plain(_ scalar: Unicode.Scalar) -> Plain {
        switch scalar.value {
        case 0x30...0x39, 0x61...0x7A: return .letter(Character(scalar))
        case 0x41...0x5A: return .letter(Character(Unicode.Scalar(UInt8(scalar.value + 32))))
        case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A:
            return plain(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)))
        default:
            if let letter = Pinyin.marked[scalar] { return .letter(letter) }
            guard scalar.properties.isIdeographic else { return .none }
            return .han(Pinyin.plainForms[scalar] ?? scalar)
        }
    }

    /// As it is typed: the characters alone. With characters of Chinese in it, or Latin letters and digits only.
    static func folded(_ text: String) -> (text: String, hasHan: Bool, hasLetter: Bool) {
        var (result, hasHan, hasLetter) = ("", false, false)
        for scalar in text.unicodeScalars {
            switch plain(scalar) {
            case .letter(let letter):
                result.append(letter)
                if letter.isLetter { hasLetter = true }
            case .han(let character):
                result.unicodeScalars.append(character)
                hasHan = true
            case .none: continue
            }
        }
        return (result, hasHan, hasLetter)
    }

    // MARK: Names

    /// A person's: from the beginning or to the end, and the family name in full with the initials of the rest.
    static func person(_ name: String) -> Set<Int64> {
        let units = units(name)
        var terms: Set<Int64> = []
        for start in units.indices {
            for end in start + 1...units.count where start == 0 || end == units.count {
                add(Array(units[start..<end]), &terms)
            }
        }
        if units.count > 1, let family = units.first {
            for end in 2...units.count {
                for initials in initials(Array(units[1..<end])) {
                    for reading in family.readings { terms.insert(term(.latin, reading + initials)) }
                }
            }
        }
        return terms
    }

    /// A place's: any part of two to four characters, and any that goes from the beginning or to the end. Initials of
    /// the latter only.
    static func place(_ name: String) -> Set<Int64> {
        let units = units(name)
        var terms: Set<Int64> = []
        for start in units.indices {
            for end in start + 1...units.count {
                let isEdge = start == 0 || end == units.count
                guard isEdge || (2...longestRun).contains(end - start) else { continue }
                add(Array(units[start..<end]), &terms, initials: isEdge)
                guard terms.count < mostTerms else { return terms }
            }
        }
        return terms
    }

    private static func add(_ run: [Unit], _ terms: inout Set<Int64>, initials hasInitials: Bool = true) {
        if run.contains(where: \.isHan) { terms.insert(term(.han, run.map(\.text).joined())) }
        for reading in combined(run.map(\.readings)) { terms.insert(term(.latin, reading)) }
        if run.count > 1, hasInitials { for letters in initials(run) { terms.insert(term(.latin, letters)) } }
    }

    private static func initials(_ run: [Unit]) -> [String] {
        combined(
            run.map { unit in
                unit.isHan || unit.text.first.map { $0.isLetter } ?? false
                    ? Array(Set(unit.readings.map { String($0.prefix(1)) })).sorted() : [unit.text]
            })
    }

    /// Every way to say one after the other; none when one cannot be said.
    private static func combined(_ parts: [[String]]) -> [String] {
        var result = [""]
        for part in parts {
            var next: [String] = []
            for start in result {
                for one in part where next.count < mostReadings { next.append(start + one) }
            }
            result = next
        }
        return result.filter { !$0.isEmpty }
    }

    /// From the keyed indexes of the number, never from its digits.
    static func phone(index: [UInt8]?, tail: [UInt8]?) -> Set<Int64> {
        var terms: Set<Int64> = []
        if let index { terms.insert(term(.phone, index)) }
        if let tail { terms.insert(term(.tail, tail)) }
        return terms
    }

    // MARK: Buildings and rooms

    static func building(_ name: String) -> Int64 { term(.building, UnitKey.building(named: Pinyin.simple(name))) }

    /// With and without the building, with and without the staircase.
    static func room(_ name: String, building: String) -> Set<Int64> {
        let key = UnitKey.room(named: Pinyin.simple(name))
        let building = UnitKey.building(named: Pinyin.simple(building))
        guard let hyphen = key.firstIndex(of: "-") else { return [] }
        let bare = String(key[hyphen...])
        return [
            term(.room, building + "|" + key), term(.room, building + "|" + bare), term(.room, "|" + key),
            term(.room, "|" + bare),
        ]
    }
}

/// Readings of characters, from the table of `PinyinWords`; made when first asked for.
enum Pinyin {
    static let readings: [Unicode.Scalar: [String]] = {
        var result: [Unicode.Scalar: [String]] = [:]
        result.reserveCapacity(8500)
        for line in PinyinWords.readings.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2 else { continue }
            let syllable = String(parts[0])
            for scalar in parts[1].unicodeScalars {
                result[scalar, default: []].append(syllable)
                // Both ways to type it: lv and lu.
                if syllable.contains("v") {
                    result[scalar, default: []].append(String(syllable.map { $0 == "v" ? "u" : $0 }))
                }
            }
        }
        return result
    }()

    static let plainForms: [Unicode.Scalar: Unicode.Scalar] = {
        var result: [Unicode.Scalar: Unicode.Scalar] = [:]
        for line in PinyinWords.plainForms.split(separator: "\n") {
            let pair = Array(line.unicodeScalars)
            var index = 0
            while index + 1 < pair.count {
                result[pair[index]] = pair[index + 1]
                index += 2
            }
        }
        return result
    }()

    /// With the plain form of each traditional character.
    static func simple(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars { result.unicodeScalars.append(plainForms[scalar] ?? scalar) }
        return result
    }

    /// Letters with tones, as some write pinyin.
    static let marked: [Unicode.Scalar: Character] = {
        let groups: [(Character, [UInt32])] = [
            ("a", [0x101, 0xE1, 0x1CE, 0xE0]), ("e", [0x113, 0xE9, 0x11B, 0xE8]), ("i", [0x12B, 0xED, 0x1D0, 0xEC]),
            ("o", [0x14D, 0xF3, 0x1D2, 0xF2]), ("u", [0x16B, 0xFA, 0x1D4, 0xF9]),
            ("v", [0x1D6, 0x1D8, 0x1DA, 0x1DC, 0xFC, 0xDC]),
        ]
        var result: [Unicode.Scalar: Character] = [:]
        for (letter, values) in groups {
            for value in values { if let scalar = Unicode.Scalar(value) { result[scalar] = letter } }
        }
        return result
    }()
}

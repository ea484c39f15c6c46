/// One spelling for the names of buildings, staircases and rooms inside an estate (rules.md 16.1): half-width, Arabic
/// numbers, no leading zeros, without the words after the numbers. For comparing only; what was written is kept.
struct UnitKey: Hashable, Sendable {
    let building: String
    /// Staircase and room, parted by a hyphen; the staircase may be empty.
    let room: String

    init(building: String, staircase: String, room: String) {
        self.building = Self.part(building, ImportWords.buildingWords)
        var (first, second) = (Self.plain(staircase), Self.plain(room))
        // 2单元502 and 2-502 come in one cell too.
        if first.isEmpty, let split = Self.split(second) { (first, second) = split }
        self.room = Self.part(first, ImportWords.staircaseWords) + "-" + Self.part(second, ImportWords.roomWords)
    }

    /// A room as the tree names it, such as `2 单元 502`.
    static func room(named name: String) -> String { UnitKey(building: "", staircase: "", room: name).room }
    static func building(named name: String) -> String { part(name, ImportWords.buildingWords) }

    private static func split(_ text: String) -> (String, String)? {
        for word in ImportWords.staircaseWords {
            if let range = text.ranges(of: word).first {
                return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
            }
        }
        let parts = text.split(separator: "-", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// Half-width, upper-case, without spaces.
    static func plain(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0xFF01...0xFF5E: result.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)))
            case 0x2010...0x2015, 0x2212: result += "-"
            default:
                if !scalar.properties.isWhitespace { result.unicodeScalars.append(scalar) }
            }
        }
        return result.uppercased()
    }

    private static func part(_ text: String, _ words: [String]) -> String {
        var text = plain(text)
        for word in words where text.hasSuffix(word) && text.count > word.count {
            text.removeLast(word.count)
            break
        }
        if let number = number(text) { return String(number) }
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        if isNumber {
            let short = text.drop { $0 == "0" }
            return short.isEmpty ? "0" : String(short)
        }
        return text
    }

    /// Chinese numerals up to 999.
    private static func number(_ text: String) -> Int? {
        guard (1...5).contains(text.count) else { return nil }
        var (total, digit) = (0, nil as Int?)
        for character in text {
            if let value = ImportWords.digits[character] {
                digit = digit == 0 ? value : (digit.map { $0 * 10 } ?? 0) + value
            } else if character == ImportWords.ten {
                total += (digit ?? 1) * 10
                digit = nil
            } else if character == ImportWords.hundred {
                total += (digit ?? 1) * 100
                digit = nil
            } else {
                return nil
            }
        }
        return total + (digit ?? 0)
    }
}

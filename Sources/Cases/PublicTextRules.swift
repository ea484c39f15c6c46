import Directory
import Kernel

/// What a text for the public may not say, however it is written (rules.md 16.1 and 16.2): full width, with Chinese
/// numerals, with spaces between.
enum PublicTextRules {
    /// Half width, Chinese numerals as digits, in lower case and without spaces.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var numeral: [Numeral] = []
        func flush() {
            if !numeral.isEmpty { result.append(contentsOf: value(numeral).unicodeScalars) }
            numeral = []
        }
        for scalar in text.lowercased().unicodeScalars {
            if let found = numerals[scalar] {
                numeral.append(found)
                continue
            }
            flush()
            if scalar.properties.isWhitespace { continue }
            if (0xFF01...0xFF5E).contains(scalar.value), let half = Unicode.Scalar(scalar.value - 0xFEE0) {
                result.append(half)
            } else {
                result.append(scalar)
            }
        }
        flush()
        return String(result).lowercased()
    }

    /// Whether a text names the door of a case: the unit as it is written, or its number of three digits or more, or such
    /// a number of the place in words. The number of the building may be said.
    static func namesDoor(_ texts: [String], unit: String, words: String, building: String) -> Bool {
        func numbers(_ text: String) -> Set<Substring> {
            Set(text.split { !$0.isASCII || !$0.isNumber }.filter { $0.count > 2 })
        }
        let unit = plain(unit)
        let doors = numbers(unit).union(numbers(plain(words))).subtracting(numbers(plain(building)))
        return texts.contains { text in
            let text = plain(text)
            return !unit.isEmpty && text.contains(unit) || !numbers(text).isDisjoint(with: doors)
        }
    }

    /// Whether a place says more than the building: an entrance, a floor, a door of it. The building's own name may say
    /// so.
    static func isFinerThanBuilding(_ place: String, building: String) -> Bool {
        var text = plain(place)
        let building = plain(building)
        if !building.isEmpty { text = text.replacing(building, with: " ") }
        let letters = Array(text.unicodeScalars)
        var index = 0
        while index < letters.count {
            guard isDigit(letters[index]) else {
                index += 1
                continue
            }
            let begin = index
            while index < letters.count, isDigit(letters[index]) { index += 1 }
            let after = String(String.UnicodeScalarView(letters[index...].prefix(8)))
            let before = String(String.UnicodeScalarView(letters[max(0, begin - 8)..<begin]))
            if inner.contains(where: after.hasPrefix) || innerEnglish.contains(where: before.hasSuffix)
                || floors.contains(where: after.hasPrefix)
            {
                return true
            }
        }
        return false
    }

    /// Whether a text has the number of somebody's mobile.
    static func namesMobile(_ text: String) -> Bool {
        let tight = plain(text).filter { $0 != "-" && $0 != "+" }
        return tight.split { !$0.isASCII || !$0.isNumber }.contains { run in
            let number = run.count == 13 && run.hasPrefix("86") ? run.dropFirst(2) : run
            return Phone(String(number))?.isMobile ?? false
        }
    }

    /// Refuses the first field that has the number of somebody's mobile.
    static func refuseMobiles(_ fields: [(name: String, text: String)]) throws(CaseRefusal) {
        for field in fields where namesMobile(field.text) { throw .namesPhone(field.name) }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { (0x30...0x39).contains(scalar.value) }

    /// Entrance, door, stairs, floor, storey, room, household, room: right behind a number.
    private static let inner = [
        "\u{5355}\u{5143}", "\u{95E8}", "\u{68AF}", "\u{5C42}", "\u{697C}", "\u{5BA4}", "\u{6237}", "\u{623F}",
    ]
    private static let innerEnglish = ["unit", "floor", "room", "flat", "apt", "apt.", "entrance", "door"]
    private static let floors = ["floor", "stfloor", "ndfloor", "rdfloor", "thfloor", "/f"]

    private enum Numeral {
        case digit(Int)
        case times(Int)
    }

    private static let numerals: [Unicode.Scalar: Numeral] = [
        "\u{96F6}": .digit(0), "\u{3007}": .digit(0), "\u{25CB}": .digit(0), "\u{4E00}": .digit(1),
        "\u{4E8C}": .digit(2), "\u{4E24}": .digit(2), "\u{4E09}": .digit(3), "\u{56DB}": .digit(4),
        "\u{4E94}": .digit(5), "\u{516D}": .digit(6), "\u{4E03}": .digit(7), "\u{516B}": .digit(8),
        "\u{4E5D}": .digit(9), "\u{5341}": .times(10), "\u{767E}": .times(100), "\u{5343}": .times(1000),
    ]

    /// Digit by digit, or by tens, hundreds and thousands where it says them.
    private static func value(_ numeral: [Numeral]) -> String {
        var total = 0
        var digits = ""
        var last: Int?
        var hasTimes = false
        for one in numeral.prefix(24) {
            switch one {
            case .digit(let value):
                digits += String(value)
                last = value
            case .times(let factor):
                hasTimes = true
                total += (last ?? 1) * factor
                last = nil
            }
        }
        return hasTimes ? String(total + (last ?? 0)) : digits
    }
}

import Kernel

/// What a house asks of passwords: data with a source and a date (rules.md 12.4), chosen by the security administrator.
package struct PasswordProfile: Sendable, Equatable {
    /// The longest that is taken, in Unicode scalars.
    package static let longest = 128

    /// `asvs5` or `djbh`.
    package let code: String
    /// The fewest Unicode scalars.
    package let least: Int64
    /// Of small letters, capitals, digits and all else, so many kinds; 0 for no rule.
    package let classes: Int64
    /// Days after which one must be changed at the next sign-in; 0 for never.
    package let ageDays: Int64
    /// So many of the last ones are not taken again, the present one among them; 1 for the present one alone.
    package let history: Int64
    /// Wrong attempts before the lock, and how long it lasts.
    package let failures: Int64
    package let lockMinutes: Int64
    package let source: String
    package let since: Day

    package init(
        code: String, least: Int64, classes: Int64, ageDays: Int64, history: Int64, failures: Int64,
        lockMinutes: Int64, source: String, since: Day
    ) {
        self.code = code
        self.least = least
        self.classes = classes
        self.ageDays = ageDays
        self.history = history
        self.failures = failures
        self.lockMinutes = lockMinutes
        self.source = source
        self.since = since
    }

    var lockMs: Int64 { lockMinutes * Instant.minuteMs }

    /// Whether one that was set then must be changed now. One that somebody else chose counts as set at 0.
    package func isAged(setAt: Instant, now: Instant) -> Bool {
        ageDays > 0 && now.ms - setAt.ms >= ageDays * Instant.dayMs
    }

    /// Why a new password is not taken; nil when it is.
    ///
    /// - Parameter own: the login and the name, which it must not be made of.
    package func judge(_ password: String, own: [String]) -> PasswordFault? {
        let count = password.unicodeScalars.count
        guard count >= least else { return .short(least) }
        guard count <= Self.longest, !password.holdsNULByte else { return .long }
        guard classes == 0 || Self.kinds(password) >= classes else { return .kinds(classes) }
        return CommonPasswords.covers(password, own: own) ? .common : nil
    }

    private static func kinds(_ password: String) -> Int64 {
        var found: Set<Int64> = []
        for scalar in password.unicodeScalars {
            switch scalar.value {
            case 0x61...0x7A: found.insert(0)
            case 0x41...0x5A: found.insert(1)
            case 0x30...0x39: found.insert(2)
            default: found.insert(3)
            }
        }
        return Int64(found.count)
    }
}

extension String {
    fileprivate var holdsNULByte: Bool { utf8.contains(0) }
}

package enum PasswordFault: Sendable, Equatable {
    case short(Int64)
    case long
    /// Fewer kinds of characters than this.
    case kinds(Int64)
    /// Made of what everybody tries first.
    case common
    /// In the list of leaked ones.
    case leaked
    /// One of the last.
    case used

    var message: Message {
        switch self {
        case .short(let least): Phrase.refusePasswordShort(String(least))
        case .long: Phrase.refusePasswordLong()
        case .kinds(let count): Phrase.refusePasswordKinds(String(count))
        case .common: Phrase.refusePasswordCommon()
        case .leaked: Phrase.refusePasswordLeaked()
        case .used: Phrase.refusePasswordUsed()
        }
    }
}

/// Passwords that are tried first. Lists of leaked ones are, almost all of them, made of a few parts: words that
/// everybody thinks of, runs of the keyboard or of the alphabet, years, one sign many times. A password is refused when
/// such parts leave fewer than four signs of it; so are the login and the name in it, and short pieces said again.
package enum CommonPasswords {
    /// Signs beside the known parts that make a password one of its own.
    static let ownSigns = 4

    package static func covers(_ password: String, own: [String]) -> Bool {
        let plain = Array(password.lowercased().unicodeScalars)
        if Set(plain).count <= 3 || repeats(plain) { return true }
        let mine = own.map { Array($0.lowercased().unicodeScalars) }.filter { $0.count >= 3 }
        return left([plain, plain.map(unfolded)], mine) < ownSigns
    }

    /// A piece of at most a third of the length that is said again and again.
    private static func repeats(_ text: [Unicode.Scalar]) -> Bool {
        guard text.count >= 6 else { return false }
        return (1...max(1, text.count / 3)).contains { size in
            (size..<text.count).allSatisfy { text[$0] == text[$0 - size] }
        }
    }

    /// The letter that a sign stands for.
    private static func unfolded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "@", "4": "a"
        case "0": "o"
        case "1", "!": "i"
        case "3": "e"
        case "$", "5": "s"
        case "7": "t"
        default: scalar
        }
    }

    /// How many signs no known part covers, in any of the readings; signs that only separate are not counted.
    private static func left(_ readings: [[Unicode.Scalar]], _ own: [[Unicode.Scalar]]) -> Int {
        var at = 0
        var count = 0
        while at < readings[0].count {
            let size = readings.map { max(run($0, at), year($0, at), word($0, at, own)) }.max() ?? 0
            if size > 0 {
                at += size
                continue
            }
            if !separators.contains(readings[0][at]) { count += 1 }
            at += 1
        }
        return count
    }

    private static let separators: Set<Unicode.Scalar> = ["-", "_", ".", " ", "@", "!", "#", "*", "?", "+", "~", "/"]

    /// Neighbours of a row, forwards or backwards: three digits or four letters, for three stand in many a word. Or one
    /// sign three times.
    private static func run(_ text: [Unicode.Scalar], _ start: Int) -> Int {
        var best = 0
        for row in rows {
            guard let place = row.firstIndex(of: text[start]) else { continue }
            for way in [1, -1] {
                var size = 1
                while start + size < text.count, row.indices.contains(place + way * size),
                    row[place + way * size] == text[start + size]
                {
                    size += 1
                }
                best = max(best, size)
            }
        }
        var same = 1
        while start + same < text.count, text[start + same] == text[start] { same += 1 }
        best = max(best, same)
        let isDigit = (0x30...0x39).contains(text[start].value)
        return best >= (isDigit || same >= 3 ? 3 : 4) ? best : 0
    }

    private static let rows: [[Unicode.Scalar]] = [
        "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "!@#$%^&*()",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
        "147258369", "159357", "741852963",
    ].map { Array($0.unicodeScalars) }

    /// A year of somebody's life, with month and day where they follow.
    private static func year(_ text: [Unicode.Scalar], _ start: Int) -> Int {
        func digit(_ index: Int) -> UInt32? {
            guard index < text.count, (0x30...0x39).contains(text[index].value) else { return nil }
            return text[index].value - 0x30
        }
        guard let a = digit(start), let b = digit(start + 1), digit(start + 2) != nil, digit(start + 3) != nil,
            (a == 1 && b == 9) || (a == 2 && b == 0)
        else { return 0 }
        var size = 4
        while size < 8, digit(start + size) != nil { size += 1 }
        return size == 6 || size == 8 ? size : 4
    }

    private static func word(_ text: [Unicode.Scalar], _ start: Int, _ own: [[Unicode.Scalar]]) -> Int {
        let rest = text[start...]
        let known = words[text[start]] ?? []
        return (known + own).filter { rest.starts(with: $0) }.map(\.count).max() ?? 0
    }

    private static let words: [Unicode.Scalar: [[Unicode.Scalar]]] = {
        var table: [Unicode.Scalar: [[Unicode.Scalar]]] = [:]
        for word in list.split(whereSeparator: \.isWhitespace) {
            let letters = Array(word.unicodeScalars)
            table[letters[0], default: []].append(letters)
        }
        return table
    }()

    /// What people who must think of something think of: in English, in pinyin, and of this product.
    private static let list = """
        password passwd passw pass pwd admin administrator root user guest login test testing demo default changeme
        change secret welcome letmein master access system manager super server service support public private
        security iloveyou loveyou love lovely lover forever baby babygirl princess prince angel sunshine moonlight
        shadow monkey dragon tiger panda bear lion eagle wolf horse kitty hello hellokitty football soccer
        basketball baseball hockey superman batman spiderman ironman starwars pokemon naruto minecraft computer
        internet windows google apple samsung huawei xiaomi tencent alipay taobao wechat weixin baidu weibo
        michael jordan jessica michelle daniel charlie jennifer thomas robert andrew joshua george ashley nicole
        summer winter spring autumn monday friday sunday january flower butterfly chocolate cookie orange banana
        cheese pepper ginger purple silver golden diamond freedom whatever trustno nothing blink killer hunter
        ranger cowboy jesus christ god heaven money lucky happy smile family mother father sister brother friend
        friends china beijing shanghai guangzhou shenzhen chengdu qingdao henan shandong zhongguo aini woaini
        woaiwojia wode mima wodemima mimashi nihao nishishui baobao baobei laopo laogong mama baba jiayou
        gongzuo guanli guanliyuan xitong yonghu kaihu ceshi dianhua shouji shequ wuye xiaoqu jiedao wangge
        hongguanjia guanjia redsteward steward redguanjia property estate community resident owner office desk
        five six seven one two three four abc abcd qwe qwer qwert asd asdf zxc zxcv qaz wsx edc aaa
        zhang wang chen yang huang zhao liu zhou
        520 1314 5201314 521 888 666 168 518 110 119 120 12345
        """
}

import Kernel

/// Names of a house that nobody lives in: family names about as frequent as in life, and given names of one and two
/// characters.
enum BenchNames {
    static let district = "测试区"
    private static let families: [(String, Int)] = [
        ("王", 70), ("李", 69), ("张", 65), ("刘", 52), ("陈", 45), ("杨", 31), ("黄", 22), ("赵", 22), ("吴", 20), ("周", 20),
        ("徐", 14), ("孙", 14), ("马", 13), ("朱", 12), ("胡", 12), ("郭", 11), ("何", 11), ("林", 11), ("高", 10), ("罗", 10),
        ("郑", 9), ("梁", 8), ("谢", 8), ("宋", 8), ("唐", 7), ("许", 7), ("韩", 7), ("邓", 6), ("冯", 6), ("曹", 6), ("彭", 6),
        ("曾", 6), ("肖", 6), ("田", 5), ("董", 5), ("潘", 5), ("袁", 5), ("蔡", 5), ("蒋", 5), ("余", 5), ("于", 5), ("杜", 5),
        ("叶", 4), ("程", 4), ("魏", 4), ("苏", 4), ("吕", 4), ("丁", 4), ("任", 4), ("卢", 4), ("姚", 3), ("沈", 3), ("钟", 3),
        ("姜", 3), ("崔", 3), ("谭", 3), ("陆", 3), ("范", 3), ("汪", 3), ("廖", 3), ("石", 3), ("金", 3), ("韦", 2), ("贾", 2),
        ("夏", 2), ("付", 2), ("方", 2), ("邹", 2), ("熊", 2), ("白", 2), ("孟", 2), ("秦", 2), ("邱", 2), ("侯", 2), ("江", 2),
        ("尹", 2), ("薛", 2), ("闫", 2), ("段", 2), ("雷", 2), ("龙", 2), ("黎", 2), ("史", 2), ("陶", 2), ("贺", 2), ("毛", 1),
        ("单", 1), ("仇", 1), ("解", 1), ("区", 1), ("查", 1), ("盖", 1), ("尉", 1), ("欧阳", 1), ("司马", 1), ("诸葛", 1),
    ]
    private static let first = Array("伟芳秀敏静丽强磊军洋勇艳杰娟涛明超霞平刚")
    private static let second = Array("华国建文玉春桂红海志晓小雪梅林峰波宁龙云")
    private static let weighted: [String] = families.flatMap { Array(repeating: $0.0, count: $0.1) }

    static func pick(_ random: inout SeededRandom) -> String {
        let family = weighted[Int.random(in: 0..<weighted.count, using: &random)]
        let given = first[Int.random(in: 0..<first.count, using: &random)]
        guard Int.random(in: 0..<4, using: &random) > 0 else { return family + String(given) }
        return family + String(second[Int.random(in: 0..<second.count, using: &random)]) + String(given)
    }

    static let all: [String] = {
        var result: [String] = []
        for (family, _) in families {
            for one in first { result.append("\(family)\(one)") }
            for two in second { for one in first { result.append("\(family)\(two)\(one)") } }
        }
        return result
    }()

    static func street(_ number: Int) -> String { "第\(number + 1)街道" }
    static func community(_ number: Int) -> String { "第\(number + 1)社区" }
    private static let trees = Array("桂松柏梅兰竹菊荷枫榕")
    static func estate(_ number: Int) -> String {
        "\(trees[number % 10])\(trees[number / 10 % 10])花园\(number + 1)期"
    }
    static func building(_ number: Int) -> String { "\(number) 号楼" }
    static func unit(_ number: Int) -> String { "\(number % 2 + 1) 单元 \(number / 4 + 1)0\(number % 4 + 1)" }

    /// The kinds of words that people type.
    enum Kind: String, CaseIterable, Sendable {
        case name, familyName = "family name", givenName = "given name", pinyin, initials
        case phoneEnding = "phone ending", address, place, nothing
    }

    static func words(_ kind: Kind, _ random: inout SeededRandom) -> String {
        let name = pick(&random)
        switch kind {
        case .name: return name
        case .familyName: return weighted[Int.random(in: 0..<weighted.count, using: &random)]
        case .givenName: return String(name.dropFirst())
        case .pinyin:
            return ["wangxiaoming", "lina", "zhangwei", "liujianguo", "xiaofang", "zengli"].randomElement(
                using: &random) ?? ""
        case .initials: return ["wxm", "zjg", "ll", "ww", "lhq", "cyf"].randomElement(using: &random) ?? ""
        case .phoneEnding: return String(String(Int.random(in: 10_000...19_999, using: &random)).dropFirst())
        case .address:
            let (a, b) = (Int.random(in: 1...20, using: &random), Int.random(in: 0..<25, using: &random))
            let spellings = [
                "\(a)号楼\(b % 2 + 1)单元\(b / 4 + 1)0\(b % 4 + 1)", "\(a)-\(b % 2 + 1)-\(b / 4 + 1)0\(b % 4 + 1)",
            ]
            return spellings[Int.random(in: 0..<2, using: &random)]
        case .place: return String(trees[Int.random(in: 0..<10, using: &random)]) + "花园"
        case .nothing: return "王\(name)\(name)"
        }
    }
}

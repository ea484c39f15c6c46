import Testing

@testable import Directory

/// What names are found by, and how typed words are read: pure.
@Suite struct FindTermsTests {
    private func han(_ text: String) -> Int64 { FindTerms.term(.han, FindTerms.folded(text).text) }
    private func latin(_ text: String) -> Int64 { FindTerms.term(.latin, FindTerms.folded(text).text) }

    @Test func peopleAreFoundByNamePinyinAndInitials() {
        let terms = FindTerms.person("王小明")
        for text in ["王小明", "王", "王小", "小明", "明", "王 小明"] { #expect(terms.contains(han(text)), "\(text)") }
        for text in ["wangxiaoming", "Wang Xiaoming", "wáng xiǎo míng", "xiaoming", "wxm", "WX", "xm", "wangxm", "ｗｘｍ"]
        {
            #expect(terms.contains(latin(text)), "\(text)")
        }
        for text in ["王明", "李"] { #expect(!terms.contains(han(text)), "\(text)") }
        for text in ["wangming", "wm", "li", "w"] { #expect(!terms.contains(latin(text)), "\(text)") }
    }

    @Test func namesOfSeveralReadingsAreFoundByEach() {
        for (name, readings) in [
            ("单雄信", ["shanxiongxin", "danxiongxin"]), ("曾国藩", ["zengguofan", "cengguofan"]),
            ("仇英", ["qiuying", "chouying"]), ("解缙", ["xiejin", "jiejin"]), ("区寄", ["ouji", "quji"]),
            ("查良镛", ["zhaliangyong", "chaliangyong"]), ("翟天临", ["zhaitianlin", "ditianlin"]),
            ("吕布", ["lvbu", "lubu"]), ("尉迟恭", ["yuchigong"]), ("万俟明", ["moqiming"]),
            ("朴槿", ["piaojin", "pujin"]), ("任盈盈", ["renyingying"]),
        ] {
            let terms = FindTerms.person(name)
            for reading in readings {
                #expect(terms.contains(latin(reading)), "\(name) \(reading)")
            }
        }
        let places = FindTerms.place("重庆路社区")
        #expect(places.contains(latin("chongqinglu")) && places.contains(latin("cqlsq")))
    }

    @Test func traditionalAndWideFormsAreThePlainOnes() {
        #expect(FindTerms.person("張偉").isSuperset(of: FindTerms.person("张伟")))
        #expect(FindTerms.place("蘭亭花園Ａ區").contains(han("兰亭花园a区")))
        #expect(FindTerms.person("Ｊｏｈｎ Smith").contains(latin("john smith")))
        #expect(FindTerms.person("买买提·艾力").contains(han("买买提艾力")))
    }

    @Test func longNamesStayBounded() {
        let name = String(repeating: "重乐长行单曾朝", count: 40)
        #expect(FindTerms.person(name).count < 1_500)
        #expect(FindTerms.place(name).count <= 460)
        #expect(FindTerms.person("").isEmpty && FindTerms.place("…—·").isEmpty)
    }

    @Test func addressesAreOneWhateverTheirSpelling() throws {
        let unit = FindTerms.room("2 单元 501", building: "3 号楼")
        for text in [
            "3号楼2单元501室", "3-2-501", "3幢2单元501", "三号楼二单元501", "３号楼２单元５０１", "3#2单元501", "3栋2门501号",
            "03-02-0501", "3座2梯501房", "3/2/501", "3號樓2單元501", "3—2—501", "3-501", "3号楼501", "2单元501", "2-501", "501",
        ] {
            let found = try #require(UnitAddress(text), "\(text)")
            #expect(found.before.isEmpty && found.terms.contains { unit.contains($0) }, "\(text)")
        }
        for text in ["3-1-501", "4-2-501", "3号楼2单元502", "13-2-501", "502"] {
            let found = try #require(UnitAddress(text), "\(text)")
            #expect(!found.terms.contains { unit.contains($0) }, "\(text)")
        }
        let whole = try #require(UnitAddress("桂花苑十二号楼2单元501"))
        #expect(whole.before == "桂花苑" && !whole.isWeak)
        #expect(whole.terms == UnitAddress("12-2-501").map { [$0.terms[0]] })
        #expect(UnitAddress("三号楼")?.terms == [FindTerms.building("3 号楼")])
        #expect(UnitAddress("A座")?.terms == [FindTerms.building("A 座")])
        for text in ["桂花苑", "王小明", "张三", "wang", "12", "", "---", "1-2-3-4-5-6", "13800000001"] {
            #expect(UnitAddress(text) == nil, "\(text)")
        }
    }

    @Test func everySyllableOfTheTableIsOne() {
        #expect(Pinyin.readings.count > 8_000)
        #expect(
            Pinyin.readings.values.allSatisfy {
                $0.allSatisfy { (1...6).contains($0.count) && $0.allSatisfy(\.isASCII) }
            })
        #expect(Pinyin.plainForms["國"] == "国" && Pinyin.plainForms.count > 2_000)
    }
}

"""Makes Sources/Directory/PinyinPhrases.swift: readings of the characters of the Table of General Standard Chinese
Characters, and the plain form of traditional characters.

    pinyin_table.py kMandarin_8105.txt phrase_pinyin.txt TSCharacters.txt > Sources/Directory/PinyinPhrases.swift

The first two are of pinyin-data and phrase-pinyin-data (MIT), the third is of OpenCC (Apache 2.0). A second reading counts
when at least a twelfth of a character's phrases, and three of them, have it; those of surnames and of places are named here.
"""
import collections
import re
import sys
import unicodedata

# Surnames and places whose reading is rare in other words.
MORE = """单shan,chan 曾zeng,ceng 仇qiu 解xie,jie 区ou 查zha 盖ge 朴piao 翟zhai,di 尉yu 覃qin,tan 缪miao 员yun 种chong 折she
黑he 洗xian 秘bi 祭zhai 繁po 乜nie 万mo 俟qi 长chang,zhang 重chong,zhong 行hang,xing 乐le,yue,lao 召shao 台tai 费bi,fei 宓fu,mi 令ling
那na 哈ha 盛sheng,cheng 葛ge 华hua 任ren 宁ning 石shi,dan 适kuo,shi 隗wei,kui 郇xun,huan 冼xian 阙que 晁chao 逄pang 麻ma 能nai,neng 纪ji
过guo 句gou,ju 瞿qu 应ying 强qiang 车che,ju 不fou,bu 洪hong 洞tong,dong 厦xia,sha 六lu,liu 大dai,da 蚌beng,bang 埔pu,bu 堡bao,pu,bu
泊bo,po 浒xu,hu 铅yan,qian 会kuai,hui 阿e,a 朝chao,zhao 都du,dou 番pan,fan 尾wei,yi 渑mian,sheng 涡guo,wo 牟mu,mou 荥xing,ying
巷xiang,hang 弄nong,long 绿lv,lu 率lv,shuai 角jiao,jue 圩wei,xu 塔ta 咀zui,ju 枞zong 歙she,xi 亳bo 莘shen,xin 栎yue,li 郧yun 沈shen
陂pi,bei,po 丽li 东dong 燕yan 莞guan 勐meng 砀dang 溧li 盱xu 眙yi 睢sui 邳pi 邗han 鄞yin 婺wu 瓯ou 埭dai 坂ban 岙ao 漯luo,ta 浚xun,jun
汝ru 尉wei 氏zhi,shi 长zhang 什shi 给gei,ji 柏bai,bo 贾jia,gu 藏cang,zang 调diao,tiao 卡ka,qia 参can,shen 和he 宿su,xiu 穴xue 扎zha,za
地di,de 得de,dei 数shu 校xiao,jiao 薄bo,bao 露lu,lou 血xue,xie 削xue,xiao 剥bo,bao 色se,shai 熟shu,shou 谁shui,shei 杉shan,sha
叶ye,xie 术shu,zhu 系xi,ji 传chuan,zhuan 弹tan,dan 降jiang,xiang 禅chan,shan 蔓man,wan 拓tuo,ta 龟gui,jun,qiu 茄qie,jia 壳ke,qiao
芥jie,gai 蕃fan,bo 吐tu 嘎ga 呼hu 奇qi,ji 其qi 亨heng 奔ben 贲ben,bi 谌chen,shen 撒sa 鲜xian 相xiang 颉xie,jie 訾zi 於yu 郗xi,chi""".split()

TOO_COMMON = {"儿": ["er"], "一": ["yi"], "不": ["bu"]}


def plain(syllable):
    text = unicodedata.normalize("NFD", syllable.strip().lower())
    text = text.replace("u\u0308", "v")
    text = "".join(c for c in text if not unicodedata.combining(c))
    return text.replace("ê", "e") if re.fullmatch("[a-z]+", text) else ""


def main():
    main_reading = {}
    for line in open(sys.argv[1], encoding="utf-8"):
        found = re.match(r"U\+([0-9A-F]+): (\S+)", line)
        if found:
            main_reading[chr(int(found[1], 16))] = plain(found[2].split(",")[0])
    counts = collections.defaultdict(collections.Counter)
    for line in open(sys.argv[2], encoding="utf-8"):
        if line.startswith("#") or ": " not in line:
            continue
        words, readings = line.split("#")[0].strip().split(": ")
        words, readings = words.split("_")[0], readings.split()
        if len(words) == len(readings):
            for char, reading in zip(words, readings):
                counts[char][plain(reading)] += 1
    readings = {}
    for char, first in main_reading.items():
        found = [first] if first else []
        total = sum(counts[char].values())
        for reading, count in counts[char].most_common():
            if reading and reading not in found and count >= 3 and count * 12 >= total:
                found.append(reading)
        readings[char] = TOO_COMMON.get(char, found[:3])
    for item in MORE:
        if item[0] in TOO_COMMON:
            continue
        known = readings.setdefault(item[0], [])
        known += [one for one in item[1:].split(",") if one not in known]
    readings["〇"] = ["ling"]
    simple = {}
    for line in open(sys.argv[3], encoding="utf-8"):
        parts = line.strip("\ufeff\n").split("\t")
        if len(parts) == 2 and len(parts[0]) == 1:
            plain_form = parts[1].split(" ")[0]
            if plain_form != parts[0] and len(plain_form) == 1 and plain_form in readings and parts[0] <= "\uffff":
                simple[parts[0]] = plain_form
    by_syllable = collections.defaultdict(str)
    for char, found in readings.items():
        for reading in found:
            by_syllable[reading] += char
    out = ["/// Readings of the characters of the Table of General Standard Chinese Characters, without tones, `v` for ü; and",
           "/// traditional characters with their plain ones. Made by `Tests/support/pinyin_table.py` from pinyin-data and",
           "/// phrase-pinyin-data (MIT) and OpenCC (Apache 2.0).", "enum PinyinWords {",
           "    /// A syllable and the characters that are read so, on each line.", '    static let readings = """']
    width = 108
    for syllable in sorted(by_syllable):
        chars = by_syllable[syllable]
        for start in range(0, len(chars), width - len(syllable)):
            out.append(f"        {syllable} {chars[start:start + width - len(syllable)]}")
    out += ['        """', "", "    /// Pairs: traditional, plain.", '    static let plainForms = """']
    pairs = "".join(key + simple[key] for key in sorted(simple))
    for start in range(0, len(pairs), 108):
        out.append("        " + pairs[start:start + 108])
    out += ['        """', "}"]
    print("\n".join(out))


main()

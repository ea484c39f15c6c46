/// The calendar of mainland China for 2004 to 2026 as rows, for a table of the database to be seeded from once. The
/// table is what counts: an administrator corrects it and confirms further years there, and the engine sees rows only.
///
/// Source: the yearly notices of the General Office of the State Council on holidays and shifted workdays, as kept by
/// the Python package chinesecalendar 1.11.0 (MIT); rules.md 1.3.
package enum ChinaCalendarSeed {
    package static let years = 2004...2026

    /// Where the facts of a year come from.
    package static func notice(of year: Int) -> String {
        "State Council notice for \(year), chinesecalendar 1.11.0"
    }

    /// In order of the days. Saturdays and Sundays inside a holiday have rows too.
    package static let rows: [CalendarRow] = parse(text)

    /// The years of `rows`, confirmed.
    package static let calendar = WorkCalendar(rows: rows, confirmedYears: Set(years))

    /// The codes of holidays that appear in `rows`.
    package static let holidays = [
        "newYear", "springFestival", "tombSweeping", "labourDay", "dragonBoat", "midAutumn", "nationalDay",
        "victoryDay70",
    ]

    /// One line a year: the year, then holiday codes, each followed by its days off (`MMDD` or `MMDD-MMDD`) and its
    /// make-up workdays (`+MMDD`). Whatever does not read so is left out; a test compares every day with the source.
    static func parse(_ text: String) -> [CalendarRow] {
        var rows: [CalendarRow] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let first = words.first, let year = Int(first) else { continue }
            let source = notice(of: year)
            var holiday = ""
            for word in words.dropFirst() {
                guard let mark = word.utf8.first, !(0x61...0x7A).contains(mark) else {
                    holiday = String(word)
                    continue
                }
                let works = mark == 0x2B
                let ends = (works ? word.dropFirst() : word).split(separator: "-").compactMap { day(year, $0) }
                guard let from = ends.first, let to = ends.last, from <= to else { continue }
                let kind = works ? DayKind.makeUpWorkday : .rest(name: holiday)
                for number in from.number...to.number {
                    rows.append(CalendarRow(day: Day(number: number), kind: kind, holiday: holiday, source: source))
                }
            }
        }
        return rows
    }

    private static func day(_ year: Int, _ text: Substring) -> Day? {
        guard text.utf8.count == 4, let value = Int(text) else { return nil }
        return Day(year: year, month: value / 100, day: value % 100)
    }

    private static let text = """
        2004 newYear 0101 springFestival +0117 +0118 0122-0128 labourDay 0501-0507 +0508 +0509 nationalDay \
             1001-1007 +1009 +1010
        2005 newYear 0101-0103 springFestival +0205 +0206 0209-0215 labourDay +0430 0501-0507 +0508 nationalDay \
             1001-1007 +1008 +1009
        2006 newYear 0101-0103 springFestival +0128 0129-0204 +0205 labourDay +0429 +0430 0501-0507 nationalDay \
             +0930 1001-1007 +1008 newYear +1230 +1231
        2007 newYear 0101-0103 springFestival +0217 0218-0224 +0225 labourDay +0428 +0429 0501-0507 nationalDay \
             +0929 +0930 1001-1007 newYear +1229 1230-1231
        2008 newYear 0101 springFestival +0202 +0203 0206-0212 tombSweeping 0404-0406 labourDay 0501-0503 +0504 \
             dragonBoat 0607-0609 midAutumn 0913-0915 nationalDay +0927 +0928 0929-1005
        2009 newYear 0101-0103 +0104 springFestival +0124 0125-0131 +0201 tombSweeping 0404-0406 labourDay \
             0501-0503 dragonBoat 0528-0530 +0531 nationalDay +0927 1001-1002 midAutumn 1003 nationalDay \
             1004-1008 +1010
        2010 newYear 0101-0103 springFestival 0213-0219 +0220 +0221 tombSweeping 0403-0405 labourDay 0501-0503 \
             dragonBoat +0612 +0613 0614-0616 midAutumn +0919 0922-0924 +0925 nationalDay +0926 1001-1007 +1009
        2011 newYear 0101-0103 springFestival +0130 0202-0208 +0212 tombSweeping +0402 0403-0405 labourDay \
             0430-0502 dragonBoat 0604 0606 midAutumn 0910-0912 nationalDay 1001-1007 +1008 +1009 newYear +1231
        2012 newYear 0101-0103 springFestival +0121 0122-0128 +0129 tombSweeping +0331 +0401 0402-0404 labourDay \
             +0428 0429-0501 dragonBoat 0622 0624 nationalDay +0929 midAutumn 0930 nationalDay 1001-1007
        2013 newYear 0101-0103 +0105 +0106 springFestival 0209-0215 +0216 +0217 tombSweeping 0404-0406 +0407 \
             labourDay +0427 +0428 0429-0501 dragonBoat +0608 +0609 0610-0612 midAutumn 0919-0921 +0922 \
             nationalDay +0929 1001-1007 +1012
        2014 newYear 0101 springFestival +0126 0131-0206 +0208 tombSweeping 0405-0407 labourDay 0501-0503 +0504 \
             dragonBoat 0602 midAutumn 0908 nationalDay +0928 1001-1007 +1011
        2015 newYear 0101-0103 +0104 springFestival +0215 0218-0224 +0228 tombSweeping 0405-0406 labourDay 0501 \
             dragonBoat 0620 0622 victoryDay70 0903-0904 +0906 midAutumn 0927 nationalDay 1001-1007 +1010
        2016 newYear 0101 springFestival +0206 0207-0213 +0214 tombSweeping 0404 labourDay 0501-0502 dragonBoat \
             0609-0611 +0612 midAutumn 0915-0917 +0918 nationalDay 1001-1007 +1008 +1009
        2017 newYear 0101-0102 springFestival +0122 0127-0202 +0204 tombSweeping +0401 0402-0404 labourDay 0501 \
             dragonBoat +0527 0528-0530 nationalDay +0930 1001-1003 midAutumn 1004 nationalDay 1005-1008
        2018 newYear 0101 springFestival +0211 0215-0221 +0224 tombSweeping 0405-0407 +0408 labourDay +0428 \
             0429-0501 dragonBoat 0618 midAutumn 0924 nationalDay +0929 +0930 1001-1007 newYear +1229 1230-1231
        2019 newYear 0101 springFestival +0202 +0203 0204-0210 tombSweeping 0405-0407 labourDay +0428 0501-0504 \
             +0505 dragonBoat 0607-0609 midAutumn 0913-0915 nationalDay +0929 1001-1007 +1012
        2020 newYear 0101 springFestival +0119 0124-0202 tombSweeping 0404-0406 labourDay +0426 0501-0505 +0509 \
             dragonBoat 0625-0627 +0628 nationalDay +0927 1001-1008 +1010
        2021 newYear 0101-0103 springFestival +0207 0211-0217 +0220 tombSweeping 0403-0405 labourDay +0425 \
             0501-0505 +0508 dragonBoat 0612-0614 midAutumn +0918 0919-0921 nationalDay +0926 1001-1007 +1009
        2022 newYear 0101-0103 springFestival +0129 +0130 0131-0206 tombSweeping +0402 0403-0405 labourDay +0424 \
             0430-0504 +0507 dragonBoat 0603-0605 midAutumn 0910-0912 nationalDay 1001-1007 +1008 +1009 newYear \
             1231
        2023 newYear 0101-0102 springFestival 0121-0127 +0128 +0129 tombSweeping 0405 labourDay +0423 0429-0503 \
             +0506 dragonBoat 0622-0624 +0625 midAutumn 0929 nationalDay 0930-1006 +1007 +1008 newYear 1230-1231
        2024 newYear 0101 springFestival +0204 0210-0217 +0218 tombSweeping 0404-0406 +0407 labourDay +0428 \
             0501-0505 +0511 dragonBoat 0610 midAutumn +0914 0915-0917 nationalDay +0929 1001-1007 +1012
        2025 newYear 0101 springFestival +0126 0128-0204 +0208 tombSweeping 0404-0406 labourDay +0427 0501-0505 \
             dragonBoat 0531-0602 nationalDay +0928 1001-1005 midAutumn 1006 nationalDay 1007-1008 +1011
        2026 newYear 0101-0103 +0104 springFestival +0214 0215-0223 +0228 tombSweeping 0404-0406 labourDay \
             0501-0505 +0509 dragonBoat 0619-0621 nationalDay +0920 midAutumn 0925-0927 nationalDay 1001-1007 \
             +1010
        """
}

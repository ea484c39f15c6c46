import Directory
import Kernel

extension CaseActions {
    /// Where a case lies: its area with everything above it. What is above street level has no cases.
    static func place(of chain: AreaChain?, words: String) throws -> CasePlace {
        guard let chain else { throw CaseRefusal.noPlace }
        var names: [String] = []
        var lead = chain.area.path
        var place = CasePlace(path: lead, words: "")
        for one in chain.line {
            switch one.level {
            case .district: place.district = one.id.raw
            case .street: place.street = one.id.raw
            case .community: place.community = one.id.raw
            case .estate:
                place.estate = one.id.raw
                lead = one.path
            case .building:
                place.building = one.id.raw
                names.append(one.name)
            case .unit:
                place.unit = one.id.raw
                names.append(one.name)
            default: break
            }
        }
        guard place.estate != 0 || place.community != 0 || place.street != 0 else { throw CaseRefusal.noPlace }
        place.path = lead
        if !words.isEmpty { names.append(words) }
        place.words = names.isEmpty ? chain.area.name : names.joined(separator: " ")
        return place
    }
}

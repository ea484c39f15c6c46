import Kernel
import Storage

/// The number of an organisation's service desk, for residents to call. Never a person's own number.
package struct ServiceLine: Sendable, Hashable {
    package let name: String
    package let phone: String
}

/// Every SQL word about service numbers.
package enum ServiceLineStore {
    /// Digits, spaces, `-` and `+`; empty takes the number away.
    package static let longest = 20

    package static func put(
        _ phone: String, for organisation: OrganisationID, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            "update directory_organisation set phone = \(phone) where id = \(organisation)")
    }

    static func phone(of organisation: OrganisationID, _ transaction: any ReadTransaction) throws -> String {
        try transaction.first("select phone from directory_organisation where id = \(organisation)") {
            try $0.text(0)
        } ?? ""
    }

    /// Whom residents of a place call: the nearest organisation that has a number, the property company's before others.
    /// - Parameter hidden: a family that a complaint is about, which is not the one to call.
    package static func line(
        at path: AreaPath, without hidden: OrganisationID? = nil, _ transaction: any ReadTransaction
    ) throws -> ServiceLine? {
        let ids = path.ids
        guard !ids.isEmpty else { return nil }
        let areas = SQL.joined(ids.map { "\($0)" as SQL }, separator: ", ")
        let found = try transaction.query(
            """
            select area_id, party, family_id, name, phone from directory_organisation
            where area_id in (\(areas)) and phone <> '' order by area_id, party, name, id limit 200
            """
        ) { row in
            (
                area: try row.id(0, AreaTag.self), party: try row.raw(1, Party.self),
                family: try row.id(2, OrganisationTag.self),
                line: ServiceLine(name: try row.text(3), phone: try row.text(4))
            )
        }.filter { $0.family != hidden }
        for id in ids.reversed() {
            let here = found.filter { $0.area == id }
            if let line = (here.first { $0.party == .property } ?? here.first)?.line { return line }
        }
        return nil
    }

    /// The number of the organisation for which somebody holds a post.
    package static func line(of post: PostID, _ transaction: any ReadTransaction) throws -> ServiceLine? {
        try transaction.first(
            """
            select o.name, o.phone from directory_post p join directory_organisation o on o.id = p.organisation_id
            where p.id = \(post) and o.phone <> ''
            """
        ) { ServiceLine(name: try $0.text(0), phone: try $0.text(1)) }
    }
}

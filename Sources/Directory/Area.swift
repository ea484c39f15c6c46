import Kernel

/// A place in the tree: district → street → community → estate → building → unit.
package struct Area: Sendable, Hashable {
    package let id: AreaID
    package let parent: AreaID?
    package let level: AreaLevel
    package let name: String
    package let path: AreaPath
    package let estate: AreaID?

    package init(id: AreaID, parent: AreaID?, level: AreaLevel, name: String, path: AreaPath, estate: AreaID?) {
        self.id = id
        self.parent = parent
        self.level = level
        self.name = name
        self.path = path
        self.estate = estate
    }
}

package struct Organisation: Sendable, Hashable {
    package let id: OrganisationID
    package let family: OrganisationID
    package let party: Party
    package let name: String
    package let area: AreaID

    package init(id: OrganisationID, family: OrganisationID, party: Party, name: String, area: AreaID) {
        self.id = id
        self.family = family
        self.party = party
        self.name = name
        self.area = area
    }
}

/// A person who can take work, with the post that lets them.
package struct Colleague: Sendable, Hashable {
    package let person: PersonID
    package let name: String
    package let post: PostID
    package let role: Role
    package let title: String
    package let organisation: OrganisationID
    package let organisationName: String
    package let family: OrganisationID
    package let party: Party
    package let path: AreaPath
}

/// What a list may show: made only by sign-in, required by every Store read that lists.
package struct Scope: Sendable {
    /// The places at or below which the actor may read, by the posts that grant it.
    package let places: [Place]
    /// The organisation families of the actor's posts: complaints about these are never shown.
    package let families: [OrganisationID]
    package let person: PersonID

    package struct Place: Sendable, Hashable {
        package let area: AreaID
        package let level: AreaLevel
        package let path: AreaPath
    }

    /// Internal on purpose: only sign-in makes one.
    init?(actor: Actor, verb: Verb) { self.init(actor: actor, anyOf: [verb]) }

    init?(actor: Actor, anyOf verbs: Verbs) {
        guard let person = actor.person else { return nil }
        var places: [Place] = []
        for post in actor.posts where !post.role.verbs.isDisjoint(with: verbs) {
            for path in [post.path] + post.former {
                places.append(Place(area: post.area, level: post.level, path: path))
            }
        }
        // A place inside another adds nothing.
        let outer = places.filter { place in
            !places.contains { $0.path != place.path && $0.path.contains(place.path) }
        }
        guard !outer.isEmpty else { return nil }
        self.places = Array(Set(outer)).sorted { $0.path.text < $1.path.text }
        families = Array(Set(actor.posts.map(\.family))).sorted()
        self.person = person
    }

    package func contains(_ path: AreaPath) -> Bool { places.contains { $0.path.contains(path) } }
    package func mayRead(about family: OrganisationID?) -> Bool { family.map { !families.contains($0) } ?? true }
}

extension Scope {
    /// Only what lies at or below an area of the scope; nil for any other area.
    package func narrowed(to area: Area) -> Scope? {
        guard contains(area.path) else { return nil }
        return Scope(
            places: [Place(area: area.id, level: area.level, path: area.path)], families: families, person: person)
    }

    private init(places: [Place], families: [OrganisationID], person: PersonID) {
        self.places = places
        self.families = families
        self.person = person
    }
}

/// An area with everything above it.
package struct AreaChain: Sendable {
    package let area: Area
    /// From the widest to the area itself.
    package let line: [Area]
}

extension Actor {
    /// What the actor may list by a verb; refused by name when there is nothing.
    package func scope(_ verb: Verb) throws -> Scope {
        guard let scope = Scope(actor: self, verb: verb) else { throw DirectoryRefusal.noPost }
        return scope
    }

    /// What the actor may list by one verb or another.
    func scope(anyOf verbs: Verbs) throws -> Scope {
        guard let scope = Scope(actor: self, anyOf: verbs) else { throw DirectoryRefusal.noPost }
        return scope
    }
}

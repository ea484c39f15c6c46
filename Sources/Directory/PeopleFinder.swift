import Kernel
import Storage
import Web

/// Somebody named by phone, as a form has it. The name may stay empty when exactly one person has the phone.
package struct NamedPerson: Sendable {
    fileprivate let fresh: PersonID
    fileprivate let phone: SealedPhone
    package let name: String

    /// Throws `badPhone` for anything but a mobile number.
    package init(phone typed: String, name: String, secrets: Secrets, world: World) throws {
        guard let phone = Phone(typed), phone.isMobile else { throw DirectoryRefusal.badPhone }
        fresh = world.id()
        self.phone = try secrets.seal(phone, person: fresh, world: world)
        self.name = name
    }

    /// The person whom the phone and the name mean, made when nobody has the number. Names that were not typed are never
    /// told: a number of several people needs the name.
    package func find(at now: Instant, _ transaction: any WriteTransaction) throws -> PersonID {
        let people = try SignInStore.people(phoneIndex: phone.index, transaction)
        if let match = people.first(where: { $0.1 == name }) { return match.0 }
        if name.isEmpty {
            guard people.count < 2 else { throw DirectoryRefusal.severalPeople }
            guard let only = people.first else { throw DirectoryRefusal.badName }
            return only.0
        }
        guard (1...40).contains(name.unicodeScalars.count), TextRules.isPlain(name) else {
            throw DirectoryRefusal.badName
        }
        guard people.isEmpty else { throw DirectoryRefusal.phoneTaken }
        try DirectoryStore.insertPerson(fresh, name: name, phone: phone, at: now, transaction)
        return fresh
    }
}

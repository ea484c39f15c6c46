import Directory
import Kernel
import Storage

/// The public version of a case is a text of its own, written by a moderator; taking it back deletes the words.
extension CaseActions {
    package func publish(
        _ id: CaseID, title: String, place: String, body: String, by asker: CaseAsker, name: String, version: Int64?
    ) async throws {
        let now = world.now()
        let standing = try await book.current(at: now)
        try await write { [self] transaction in
            guard let c = try CaseStore.load(id, transaction), let moderator = asker.person else {
                throw CaseRefusal.notFound
            }
            if c.kind == .dispute { throw CaseRefusal.disputesAreNotPublished }
            // The place is no finer than the building.
            let unit = try c.place.unit == 0 ? nil : DirectoryStore.area(AreaID(c.place.unit), transaction)?.name
            let building =
                try c.place.building == 0 ? nil : DirectoryStore.area(AreaID(c.place.building), transaction)?.name
            try Naming.forget(id, transaction)
            let texts = [title, place, body]
            try PublicTextRules.refuseMobiles([("title", title), ("place", place), ("body", body)])
            if PublicTextRules.namesDoor(texts, unit: unit ?? "", words: c.place.words, building: building ?? "")
                || PublicTextRules.isFinerThanBuilding(place, building: building ?? "")
            {
                try Naming.allow(c, or: .placeTooFine, at: now, transaction)
            } else if Naming.names(texts, c.reporterName) {
                try Naming.allow(c, or: .namesReporter, at: now, transaction)
            }
            try CaseHistoryStore.putPublication(
                Publication(
                    caseID: id, title: title, body: body, place: place, status: 0, struck: c.closed ?? now,
                    published: nil), estate: c.place.estate, moderator: moderator, transaction)
            var input = ActionInput()
            input.version = version
            _ = try apply(.publish, to: c, by: asker, name: name, input, standing, now, transaction)
            try CaseHistoryStore.putPublication(
                Publication(
                    caseID: id, title: title, body: body, place: place, status: 1, struck: c.closed ?? now,
                    published: now), estate: c.place.estate, moderator: moderator, transaction)
        }
    }

    package func unpublish(_ id: CaseID, by asker: CaseAsker, name: String) async throws {
        let now = world.now()
        let standing = try await book.current(at: now)
        try await write { [self] transaction in
            guard let c = try CaseStore.load(id, transaction), let moderator = asker.person,
                let text = try CaseHistoryStore.publication(id, transaction)
            else { throw CaseRefusal.notFound }
            let digest = secrets.contentDigest("\(text.title)\u{0}\(text.place)\u{0}\(text.body)")
            _ = try apply(.unpublish, to: c, by: asker, name: name, ActionInput(), standing, now, transaction)
            guard try CaseHistoryStore.takeBack(id, digest: digest, by: moderator, transaction) else {
                throw CaseRefusal.changedMeanwhile
            }
            try Naming.forget(id, transaction)
        }
    }
}

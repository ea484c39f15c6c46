import Kernel
import Web

/// The reads and renderings of the hot pages without HTTP: what `bin/bench` compares the server with.
extension CasesHouse {
    package func benchDesk(_ actor: Actor, category: CategoryID?) async throws -> Int {
        var filter = DeskPages.Filter()
        filter.category = category?.text ?? ""
        let desk = try await deskModel(filter, actor, current: nil)
        return DeskPages(WebContext(offline: actor), now: now(), drawn: drawn).desk(desk).bytes.count
    }

    package func benchCase(_ id: CaseID, _ actor: Actor) async throws -> Int {
        let desk = try await deskModel(DeskPages.Filter(), actor, current: id)
        return DeskPages(WebContext(offline: actor), now: now(), drawn: drawn).desk(desk).bytes.count
    }

    package func benchHome(_ actor: Actor) async throws -> Int {
        try await homePage(WebContext(offline: actor)).bytes.count
    }
}

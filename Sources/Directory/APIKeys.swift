import Kernel
import Storage
import Web

/// What programs need of the database: answers kept under a key, and the scopes of tokens.
package enum APIMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-api-001-kept-answers",
            """
            create table directory_kept_answer (
                owner TEXT not null,
                key TEXT not null,
                -- of the path and the body that came with the key
                digest BYTES not null,
                -- 0 while it is under way
                status INT64 not null,
                body BYTES not null,
                location TEXT not null,
                created_ms INT64 not null,
                primary key (owner, key)
            );
            create index directory_kept_answer_created on directory_kept_answer(created_ms);
            """),
        Migration(
            "directory-api-002-token-scopes",
            """
            alter table directory_token add column scopes TEXT not null default '*';
            """),
    ]
}

/// Answers by key for a day, in the database: whichever server a repeat reaches gives the same one. A key is taken
/// before the action and settled after it, in transactions of their own: of an action whose server died in between nobody
/// knows, and its key is refused rather than done twice.
package struct AnswerKeeper: KeptAnswers {
    package static let keptMs = Instant.dayMs
    /// After so long whoever took the key is dead.
    static let underWayMs = 60 * Int64(1000)

    let database: any Database
    let world: World
    let secrets: Secrets

    private struct Kept: Sendable {
        let digest: [UInt8]
        let answer: KeptAnswer
        let created: Instant
    }

    package func begin(_ key: KeptKey) async throws -> KeptState {
        let now = world.now()
        let owner = owner(key)
        let digest = digest(key)
        return try await database.write { transaction in
            try transaction.run(
                """
                delete from directory_kept_answer
                where owner = \(owner) and key = \(key.key) and created_ms < \(now.adding(ms: -Self.keptMs))
                """)
            let isNew =
                try transaction.run(
                    """
                    insert into directory_kept_answer (owner, key, digest, status, body, location, created_ms)
                    values (\(owner), \(key.key), \(digest), 0, \([UInt8]()), '', \(now))
                    on conflict do nothing
                    """) == 1
            if isNew { return .fresh }
            let found = try transaction.first(
                """
                select digest, status, body, location, created_ms from directory_kept_answer
                where owner = \(owner) and key = \(key.key)
                """
            ) {
                Kept(
                    digest: try $0.bytes(0),
                    answer: KeptAnswer(
                        status: Int(try $0.int(1)), body: try $0.bytes(2), location: try $0.text(3)),
                    created: try $0.instant(4))
            }
            guard let found else { return .underWay }
            guard Secrets.same(found.digest, digest) else { return .other }
            guard found.answer.status == 0 else { return .done(found.answer) }
            return now.ms - found.created.ms < Self.underWayMs ? .underWay : .unsettled
        }
    }

    package func finish(_ key: KeptKey, _ answer: KeptAnswer) async throws {
        let owner = owner(key)
        try await database.write { transaction in
            try transaction.run(
                """
                update directory_kept_answer
                set status = \(answer.status), body = \(answer.body), location = \(answer.location)
                where owner = \(owner) and key = \(key.key)
                """)
        }
    }

    package func failed(_ key: KeptKey, _ error: any Error) async throws {
        if let failure = error as? StorageFailure, failure == .unknownOutcome { return }
        let owner = owner(key)
        try await database.write { transaction in
            try transaction.run(
                "delete from directory_kept_answer where owner = \(owner) and key = \(key.key) and status = 0")
        }
    }

    /// Forgets the keys of yesterday; at most so many at once.
    package func prune(limit: Int = 20_000) async throws {
        let before = world.now().adding(ms: -Self.keptMs)
        try await database.write { transaction in
            try transaction.run(
                """
                delete from directory_kept_answer where created_ms < (
                    select max(created_ms) from (select created_ms from directory_kept_answer
                        where created_ms < \(before) order by created_ms limit \(limit)) as old) + 1
                """)
        }
    }

    /// A caller without a name by their address as a trusted proxy or the connection says it: what is kept of it is a
    /// digest with the secret of the house, from which nobody learns the address.
    private func owner(_ key: KeptKey) -> String {
        key.owner ?? Self.addressOwner(Caller.address ?? "", secrets)
    }

    static func addressOwner(_ address: String, _ secrets: Secrets) -> String {
        "a" + Base64URL.encode(secrets.contentDigest("key owner " + address))
    }

    private func digest(_ key: KeptKey) -> [UInt8] {
        secrets.contentDigest("key " + String(decoding: key.content, as: UTF8.self))
    }
}

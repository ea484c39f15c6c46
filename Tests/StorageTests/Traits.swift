import StorageTesting
import Testing

extension Trait where Self == ConditionTrait {
    /// A test of what only SQLite has, such as its planner and its file lock.
    static var sqlite: Self { .enabled(if: !TestEngine.isPostgres, "SQLite's own; PostgreSQL is under test") }
    /// A test of what only PostgreSQL has.
    static var postgres: Self { .enabled(if: TestEngine.isPostgres, "PostgreSQL's own; SQLite is under test") }
}

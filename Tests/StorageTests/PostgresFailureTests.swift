import Storage
import Testing

@testable import StoragePostgres

/// What PostgreSQL says in codes is told in the seam's words, whatever language its messages have.
@Suite struct PostgresFailureTests {
    private func told(_ state: String) -> StorageFailure? {
        Trouble.refused(state: state, message: "m", routine: "r").failure as? StorageFailure
    }

    /// A file system that turned read-only is told as a missing right (42501), a failing disk as 58030.
    @Test(arguments: ["25006", "42501", "58030"])
    func whoCannotWriteIsToldSo(_ state: String) { #expect(told(state) == .readOnly) }

    @Test func eachKindHasItsWord() {
        #expect(told("53100") == .full)
        for state in ["57014", "55P03", "40001", "40P01"] { #expect(told(state) == .busy, "\(state)") }
        for state in ["23505", "23503", "22P02", "22003"] { #expect(told(state) == .constraint("m"), "\(state)") }
        for state in ["XX001", "XX002"] { #expect(told(state) == .corrupt("m"), "\(state)") }
        #expect(told("42601") == .engine("PostgreSQL 42601: m"))
    }
}

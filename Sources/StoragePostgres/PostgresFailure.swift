import Storage

extension Trouble {
    /// Told in the seam's words.
    var failure: any Error {
        switch self {
        case .late, .lost: StorageFailure.busy
        case .cancelled: CancellationError()
        case .misuse(let failure): failure
        case .refused(let state, let message, _): Self.failure(state, message)
        }
    }

    private static func failure(_ state: String, _ message: String) -> StorageFailure {
        switch state {
        case "22P02", "22003", "22021": .constraint(message)
        case "53100": .full
        // Also the server's own files: "Read-only file system" is told as a missing right, a failing disk as an error of
        // input and output.
        case "25006", "42501", "58030": .readOnly
        // Statements that ran too long, and rows that others hold.
        case "57014", "55P03", "40001", "40P01": .busy
        case "XX001", "XX002": .corrupt(message)
        default: state.hasPrefix("23") ? .constraint(message) : .engine("PostgreSQL \(state): \(message)")
        }
    }

    /// The whole transaction may be run again at once.
    var isConflict: Bool {
        guard case .refused(let state, _, _) = self else { return false }
        return state == "40001" || state == "40P01"
    }

    /// The schema changed under a prepared statement. Messages may come in any language; the routine does not.
    var isStalePlan: Bool {
        guard case .refused("0A000", _, let routine) = self else { return false }
        return routine == "RevalidateCachedQuery"
    }

    /// What was the primary is a standby now: it begins no serializable transaction and changes nothing.
    func isStandby(beginning: Bool) -> Bool {
        guard case .refused(let state, _, _) = self else { return false }
        return state == "25006" || state == "0A000" && beginning
    }
}

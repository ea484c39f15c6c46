/// Why a command was refused. `Web` maps these to status codes once: invalid 422, denied 403, notFound 404,
/// conflict 409, limited 429, signIn 401, tooLarge 413, unsupported 415, unavailable 503, precondition 412,
/// method 405.
package enum RefusalKind: String, Sendable {
    case invalid, denied, notFound, conflict, limited, signIn, tooLarge, unsupported, unavailable
    case precondition, method
}

/// A refusal by name: each capability has one enum of them. Anything else that is thrown is a fault of ours.
package protocol Refusal: Error, Sendable {
    var kind: RefusalKind { get }
    /// What the person is told, in their language.
    var message: Message { get }
    /// The form field that it concerns, if one.
    var field: String? { get }
    /// A stable name for programs, such as `strikeOffWithoutFeedback`.
    var name: String { get }
}

extension Refusal {
    package var field: String? { nil }
    package var name: String {
        let text = String(describing: self)
        return String(text.prefix { $0 != "(" })
    }
}

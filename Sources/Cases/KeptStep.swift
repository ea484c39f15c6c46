import Kernel
import Web

/// The step that was refused and comes back with its page: what was typed and chosen in its form fills that form and no
/// other one.
struct KeptStep: Sendable {
    /// What the form asked for; empty where none came back.
    let step: String
    let refusal: (any Refusal)?
    private let fields: FormFields

    static let none: KeptStep = KeptStep("", .empty, nil)

    init(_ step: String, _ fields: FormFields, _ refusal: (any Refusal)?) {
        self.step = step
        self.fields = fields
        self.refusal = refusal
    }

    init(_ fields: FormFields, _ refusal: any Refusal) { self.init(fields["do"] ?? "", fields, refusal) }

    /// What came in a field of that form; nil where it is not the one that came back.
    func first(_ step: String, _ name: String) -> String? { self.step == step ? fields[name] : nil }

    /// All that was chosen of one name; nil where it is not the form that came back.
    func all(_ step: String, _ name: String) -> Set<String>? { self.step == step ? Set(fields.all(name)) : nil }

    /// The marks of a field with what was wrong with it, and the words beside it.
    func wrong(_ step: String, _ name: String, _ context: WebContext) -> (mark: HTML, told: HTML) {
        guard self.step == step else { return (.empty, .empty) }
        return (Form.invalid(refusal, name), Form.error(refusal, for: name, context))
    }

    /// The field by which a form says which step it asks for.
    static func field(_ step: String) -> HTML { "<input type=hidden name=do value=\"\(step)\">" }

    /// Whether the form that came back is one of these parts.
    func isIn(_ parts: @autoclosure () -> HTML) -> Bool {
        !step.isEmpty && parts().bytes.firstRange(of: Self.field(step).bytes) != nil
    }

    /// What was wrong, above the forms of a page. Where the form is gone, since somebody else was faster, what was typed
    /// stands there to be read, and nothing says that it can be corrected.
    func told(above parts: @autoclosure () -> HTML, _ context: WebContext) -> HTML {
        guard let refusal else { return .empty }
        guard isIn(parts()) else { return Form.missed(refusal, context, typed: Self.typed) }
        let isFilled = fields.pairs.contains { !$0.name.hasPrefix("_") && !Self.silent.contains($0.name) }
        return isFilled ? Form.summary(refusal, context, files: true) : Form.missed(refusal, context, typed: [])
    }

    /// Fields that hold words of the person.
    private static let typed: Set<String> = ["words", "title", "place", "body"]
    /// Fields that nobody sees.
    private static let silent: Set<String> = ["do", "version", "key", "code"]
}

import Hummingbird
import Kernel
import NIOCore

/// A file that came with a form: its content, for the caller to judge; its name is not trusted.
package struct UploadedFile: Sendable {
    package let field: String
    package let content: SpooledFile
}

/// What came with a form.
package struct Submission: Sendable {
    package let fields: FormFields
    package let files: [UploadedFile]
}

extension WebContext {
    /// Reads an urlencoded form of at most 64 KiB and checks that it comes from a page of this browser.
    package func form(_ request: Request) async throws -> FormFields {
        try await submission(request, maxFileBytes: 0, maxFiles: 0, spool: nil).fields
    }

    /// Reads a form that may carry files, which go to the spool as they come. Nothing is kept of a form without the right
    /// token.
    ///
    /// - Parameter keepsFiles: false to read past the files, for what was typed beside them.
    package func submission(
        _ request: Request, maxFileBytes: Int, maxFiles: Int, spool: Spool?, keepsFiles: Bool = true
    ) async throws -> Submission {
        kept.begin()
        let type = request.headers[.contentType] ?? ""
        let result: Submission
        if type.lowercased().hasPrefix("multipart/form-data") {
            result = try await multipart(
                request, type, maxFileBytes: maxFileBytes, maxFiles: maxFiles, spool: spool, keepsFiles: keepsFiles)
        } else {
            guard let buffer = try? await request.body.collect(upTo: maxUploadSize) else { throw WebRefusal.tooLarge }
            do {
                result = Submission(fields: try FormFields(urlEncoded: buffer.readableBytesView), files: [])
            } catch {
                throw WebRefusal.malformed
            }
        }
        guard let token = result.fields["_form"], sameToken(token) else { throw WebRefusal.crossSite }
        kept.keep(result)
        return result
    }

    func sameToken(_ token: String) -> Bool {
        let a = Array(token.utf8)
        let b = Array(formToken.utf8)
        guard !b.isEmpty, a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func multipart(
        _ request: Request, _ type: String, maxFileBytes: Int, maxFiles: Int, spool: Spool?, keepsFiles: Bool
    ) async throws -> Submission {
        var reader: MultipartParser
        do {
            reader = try MultipartParser(
                contentType: type,
                limits: MultipartLimits(
                    fileBytes: maxFileBytes, totalBytes: maxFileBytes * max(maxFiles, 1) + (1 << 20)))
        } catch {
            throw WebRefusal.malformed
        }
        var fields: [(name: String, value: String)] = []
        var files: [UploadedFile] = []
        var name: String?
        var current: SpooledFile?
        func take(_ events: [MultipartEvent]) throws {
            for event in events {
                switch event {
                case .field(let key, let value): fields.append((key, value))
                case .fileBegin(let key, _, _): (name, current) = (key, nil)
                case .fileBody(let bytes):
                    guard keepsFiles else {
                        kept.sawFile()
                        continue
                    }
                    if current == nil {
                        guard files.count < maxFiles, let spool else { throw WebRefusal.tooLarge }
                        current = try spool.file()
                    }
                    try current?.append(bytes)
                case .fileEnd:
                    if let key = name, let file = current {
                        file.finish()
                        files.append(UploadedFile(field: key, content: file))
                    }
                    (name, current) = (nil, nil)
                }
            }
        }
        do {
            for try await chunk in request.body { try take(try reader.feed(Array(chunk.readableBytesView))) }
            try reader.finish()
        } catch {
            // The words that came before a file that could not be taken.
            let part = FormFields(fields)
            if let token = part["_form"], sameToken(token) {
                kept.keep(Submission(fields: part, files: []))
                if name != nil { kept.sawFile() }
            }
            guard let fault = error as? MultipartFault else { throw error }
            throw fault.kind == .tooLarge ? WebRefusal.tooLarge : WebRefusal.malformed
        }
        return Submission(fields: FormFields(fields), files: files)
    }

    /// A JSON body of at most 64 KiB.
    package func json(_ request: Request) async throws -> JSON {
        guard let buffer = try? await request.body.collect(upTo: maxUploadSize) else { throw WebRefusal.tooLarge }
        do {
            return try JSONReader.read(Array(buffer.readableBytesView))
        } catch {
            throw WebRefusal.malformed
        }
    }
}

/// The parts of a form that say what is wrong, at the field.
package enum Form {
    package static func error(_ refusal: (any Refusal)?, for field: String, _ context: WebContext) -> HTML {
        guard let refusal, refusal.field == field else { return .empty }
        return "<p class=\"bad\" id=\"\(field)-error\">\(context.words(refusal.message))</p>"
    }

    package static func invalid(_ refusal: (any Refusal)?, _ field: String) -> HTML {
        guard let refusal, refusal.field == field else { return .empty }
        return " aria-invalid=true aria-describedby=\"\(field)-error\""
    }

    /// What is wrong with the whole, above the form.
    /// - Parameter files: true to say as well that files that came with it are not kept.
    package static func summary(_ refusal: (any Refusal)?, _ context: WebContext, files: Bool = false) -> HTML {
        guard let refusal else { return .empty }
        let lost: HTML = files && context.kept.hadFiles ? " \(context.words(.keptFiles))" : .empty
        return """
            <div class="note" role="alert"><b>\(context.words(refusal.message))</b> \(context.words(.errorKept))\(lost)</div>
            """
    }

    /// What was wrong with a form that the page has no longer, and what was typed in it, to be read only.
    /// - Parameter typed: the fields that hold words of the person, where the page knows them.
    package static func missed(_ refusal: any Refusal, _ context: WebContext, typed: Set<String>? = nil) -> HTML {
        """
        <div class="note" role="alert"><b>\(context.words(refusal.message))</b></div>\
        \(context.kept.words(context, named: typed))
        """
    }

    /// - Parameter wrong: the marks of the field with what was wrong with it, and the words beside it.
    package static func select(
        _ name: String, label: String, _ options: [(value: String, text: String)], chosen: String = "",
        wrong: (mark: HTML, told: HTML) = (.empty, .empty)
    ) -> HTML {
        """
        <div class="field"><label for="\(name)">\(label)</label><select class="in" id="\(name)" name="\(name)"\(wrong.mark)>\(Self.options(options, chosen: chosen))</select>\(wrong.told)</div>
        """
    }

    /// The options of a list to choose from, written in one go: lists are long and a page has several.
    package static func options(_ options: [(value: String, text: String)], chosen: String) -> HTML {
        var items = HTML.StringInterpolation(literalCapacity: options.count * 60, interpolationCount: 0)
        for option in options {
            items.appendLiteral("<option value=\"")
            items.appendInterpolation(option.value)
            items.appendLiteral(option.value == chosen ? "\" selected>" : "\">")
            items.appendInterpolation(option.text)
            items.appendLiteral("</option>")
        }
        return HTML(stringInterpolation: items)
    }

    package static func chips(
        _ name: String, _ options: [(value: String, text: String)], chosen: String
    ) -> HTML { chips(name, options, chosen: [chosen], many: false) }

    /// - Parameter many: whether more than one of them can be chosen.
    package static func chips(
        _ name: String, _ options: [(value: String, text: String)], chosen: Set<String>, many: Bool
    ) -> HTML {
        HTML.joined(
            options.map { option -> HTML in
                let type: HTML = many ? "checkbox" : "radio"
                let mark: HTML = chosen.contains(option.value) ? " checked" : ""
                return """
                    <label class="chip"><input type="\(type)" name="\(name)" value="\(option.value)"\(mark)><span>\(option.text)</span></label>
                    """
            })
    }
}

import Hummingbird
import Kernel

extension WebContext {
    /// Reads a form with one file, whose bytes go to `take` as they come. The form's token and the other fields stand
    /// before the file, so that nothing of a form from elsewhere is taken. Returns the fields and whether a file came.
    package func upload(
        _ request: Request, maxBytes: Int, begin: (FormFields, String) async throws -> Void,
        take: ([UInt8]) async throws -> Void
    ) async throws -> Bool {
        // Without a file it is a form like any other.
        guard (request.headers[.contentType] ?? "").lowercased().hasPrefix("multipart/form-data") else {
            _ = try await form(request)
            return false
        }
        var reader: MultipartParser
        do {
            reader = try MultipartParser(
                contentType: request.headers[.contentType] ?? "",
                limits: MultipartLimits(fileBytes: maxBytes, totalBytes: maxBytes + (1 << 20)))
        } catch { throw WebRefusal.malformed }
        var fields: [(name: String, value: String)] = []
        var hasFile = false
        do {
            for try await chunk in request.body {
                for event in try reader.feed(Array(chunk.readableBytesView)) {
                    switch event {
                    case .field(let name, let value): fields.append((name, value))
                    case .fileBegin(_, let name, _):
                        let form = FormFields(fields)
                        guard !hasFile else { throw WebRefusal.malformed }
                        guard let token = form["_form"], sameToken(token) else { throw WebRefusal.crossSite }
                        hasFile = true
                        try await begin(form, name)
                    case .fileBody(let bytes): try await take(bytes)
                    case .fileEnd: break
                    }
                }
            }
            try reader.finish()
        } catch let fault as MultipartFault {
            throw fault.kind == .tooLarge ? WebRefusal.tooLarge : WebRefusal.malformed
        }
        guard let token = FormFields(fields)["_form"], sameToken(token) else { throw WebRefusal.crossSite }
        return hasFile
    }
}

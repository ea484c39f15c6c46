import Hummingbird
import Kernel

/// Language, large type and theme: kept in a cookie on the device, so that they hold before sign-in too.
package enum ModeRoutes {
    package static func routes(_ table: RouteTable, settings: SiteSettings) {
        table.post("/mode", .everyone) { request, context in
            let fields = try await context.form(request)
            var wanted = context.preferences
            if let language = fields["language"] { wanted.language = language == "en" ? .en : .zh }
            if let elder = fields["elder"] { wanted.elder = elder == "1" }
            if let theme = fields["theme"].flatMap({ Preferences.Theme(rawValue: $0) }) { wanted.theme = theme }
            let back = request.headers[.referer].flatMap { local($0) } ?? Href("/")
            var response = Answer.redirect(back)
            response.headers[values: .setCookie].append(
                "rs_mode=\(wanted.cookie); Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly\(settings.secure ? "; Secure" : "")"
            )
            return response
        }
    }

    /// The path of an address of this site; what another site sends leads home.
    private static func local(_ referer: String) -> Href? {
        guard let colon = referer.firstIndex(of: ":") else { return nil }
        let rest = referer[colon...].dropFirst(3)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        return Href(local: String(rest[slash...]))
    }
}

import HTTPTypes
import Hummingbird
import NIOCore

/// Whose word about a caller's address counts: what anybody else says in `X-Forwarded-For` is not looked at.
package struct TrustedProxies: Sendable {
    private struct Network: Sendable {
        let bytes: [UInt8]
        let bits: Int

        func holds(_ other: [UInt8]) -> Bool {
            guard bytes.count == other.count else { return false }
            let whole = bits / 8
            guard bytes.prefix(whole) == other.prefix(whole) else { return false }
            let left = bits % 8
            return left == 0 || (bytes[whole] ^ other[whole]) >> UInt8(8 - left) == 0
        }
    }
    private let networks: [Network]

    /// A proxy on this machine.
    package static let thisMachine = TrustedProxies("127.0.0.0/8,::1")

    /// Addresses or networks, such as `127.0.0.1,10.0.3.0/24`; `none` for nobody. Nil when one of them is neither.
    package init?(list text: String) {
        var networks: [Network] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where text != "none" {
            let pieces = part.filter { $0 != " " }.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let bytes = Self.bytes(String(pieces.first ?? "")) else { return nil }
            var bits = bytes.count * 8
            if pieces.count == 2 {
                guard let said = Int(pieces[1]), (0...bits).contains(said) else { return nil }
                bits = said
            }
            networks.append(Network(bytes: bytes, bits: bits))
        }
        self.networks = networks
    }

    private init(_ known: String) { networks = Self(list: known)?.networks ?? [] }

    private func trusts(_ address: String) -> Bool {
        guard let bytes = Self.bytes(address) else { return false }
        return networks.contains { $0.holds(bytes) }
    }

    /// For whom a trusted proxy says that it asks: the last hop that is not a trusted proxy itself. Nil when it says
    /// nothing, or nothing that is an address, or is not trusted.
    package func said(_ request: Request, _ context: WebContext) -> String? {
        // Most requests have no such header, and reading an address costs more than looking for it.
        guard let hops = request.headers[Self.forwarded],
            trusts(context.peerAddress ?? "127.0.0.1")
        else { return nil }
        var nearest: String?
        for hop in hops.suffix(2000).split(separator: ",").reversed() {
            guard let address = Self.plain(String(hop.filter { $0 != " " })) else { return nearest }
            nearest = address
            if !trusts(address) { return address }
        }
        return nearest
    }

    /// The caller as the server sees it: what a trusted proxy says, or the other end of the connection.
    package func caller(_ request: Request, _ context: WebContext) -> String {
        said(request, context) ?? Self.undressed(context.peerText)
    }

    private static let forwarded = Answer.name("X-Forwarded-For")

    /// An address in its shortest usual form; nil when it is none. An IPv4 address in IPv6 clothes is the IPv4 address.
    package static func plain(_ text: String) -> String? {
        guard text.utf8.count <= 45, let text = (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress else {
            return nil
        }
        return undressed(text)
    }

    private static func undressed(_ text: String) -> String {
        text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        guard let text = plain(text) else { return nil }
        switch try? SocketAddress(ipAddress: text, port: 0) {
        case .v4(let address): return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): return withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        default: return nil
        }
    }
}

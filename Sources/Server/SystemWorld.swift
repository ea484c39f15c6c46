import Foundation
import Kernel

/// The real clock, real chance: the only place that reads them.
package enum SystemWorld {
    package static func make(node: Int = 0) -> World {
        let now: @Sendable () -> Instant = { Instant(ms: Int64(Date().timeIntervalSince1970 * 1000)) }
        let maker = IDMaker(node: node, now: now)
        return World(
            now: now, nextID: { maker.next() },
            randomBytes: { count in
                var generator = SystemRandomNumberGenerator()
                return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }, maker: maker)
    }
}

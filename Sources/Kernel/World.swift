import Synchronization

/// The only door to time, identity and chance. Passed in by init; nothing below `Server` reads a clock itself.
package struct World: Sendable {
    package let now: @Sendable () -> Instant
    package let nextID: @Sendable () -> Int64
    /// Cryptographically strong bytes in production; seeded in tests.
    package let randomBytes: @Sendable (_ count: Int) -> [UInt8]
    /// What makes the ids, where several servers must not make the same ones; nil in tests, which are alone.
    package let maker: IDMaker?

    package init(
        now: @escaping @Sendable () -> Instant, nextID: @escaping @Sendable () -> Int64,
        randomBytes: @escaping @Sendable (Int) -> [UInt8], maker: IDMaker? = nil
    ) {
        self.now = now
        self.nextID = nextID
        self.randomBytes = randomBytes
        self.maker = maker
    }

    package func id<Of>(_ type: Of.Type = Of.self) -> ID<Of> { ID(nextID()) }
}

/// Makes the raw values of `ID`. Never repeats and never runs backwards, also when the clock does: it then keeps
/// counting from the last moment that it saw.
///
/// Where several servers write, each has a node number of its own for a stretch of time that nobody had before it (see
/// `take`). Its ids never leave that stretch: when it ends, they go on counting from its last moments until the stretch
/// is prolonged, or another number is taken. So no two servers make one id, whatever their clocks say.
package final class IDMaker: Sendable {
    private struct State {
        var node: Int64
        var lastMs: Int64 = 0
        var sequence: Int64 = 0
        /// No id carries a later moment, as long as fewer than `reserveMs` times 4096 are made past it.
        var endMs = Int64.max
    }
    private let state: Mutex<State>
    private let now: @Sendable () -> Instant
    /// The end of a stretch that only counting on reaches.
    private static let reserveMs: Int64 = 5_000

    /// - Parameter node: 0 to 1023, different for each server of one database.
    package init(node: Int, now: @escaping @Sendable () -> Instant) {
        state = Mutex(State(node: Int64(node & 1023)))
        self.now = now
    }

    /// The latest moment that an id carries.
    package var last: Instant { state.withLock { Instant(ms: $0.lastMs + IDText.epochMs) } }

    /// From now on ids carry this number, and moments after `after` that are not later than `until`.
    package func take(node: Int, after: Instant, until: Instant) {
        state.withLock { state in
            state.node = Int64(node & 1023)
            state.lastMs = max(state.lastMs, after.ms - IDText.epochMs)
            // The moment itself may have been used up by whoever had the number.
            state.sequence = 4095
            state.endMs = until.ms - IDText.epochMs - Self.reserveMs
        }
    }

    package func prolong(until: Instant) {
        state.withLock { $0.endMs = max($0.endMs, until.ms - IDText.epochMs - Self.reserveMs) }
    }

    package func next() -> Int64 {
        let clock = now().ms - IDText.epochMs
        return state.withLock { state in
            let moment = min(clock, state.endMs)
            if moment > state.lastMs {
                state.lastMs = max(moment, 1)
                state.sequence = 0
            } else {
                state.sequence += 1
                if state.sequence > 4095 {
                    state.lastMs += 1
                    state.sequence = 0
                }
            }
            return state.lastMs << 22 | state.node << 12 | state.sequence
        }
    }
}

/// A small, fast, seeded generator (SplitMix64) for tests, demo data and soak runs. Never for secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A world that stands still until it is told to move: for tests and seeded demo data.
package final class StillWorld: Sendable {
    private struct State {
        var now: Instant
        var random: SeededRandom
        var count: Int64 = 0
    }
    private let state: Mutex<State>

    /// - Parameter counted: how many ids were made before, for a world that goes on where another one stopped.
    package init(at instant: Instant, seed: UInt64 = 1, counted: Int64 = 0) {
        state = Mutex(State(now: instant, random: SeededRandom(seed: seed), count: counted))
    }

    package var now: Instant {
        get { state.withLock { $0.now } }
        set { state.withLock { $0.now = newValue } }
    }

    package func advance(ms: Int64) { state.withLock { $0.now = Instant(ms: $0.now.ms + ms) } }
    package func advance(minutes: Int) { advance(ms: Int64(minutes) * Instant.minuteMs) }

    package var world: World {
        World(
            now: { self.now },
            nextID: {
                self.state.withLock { state in
                    state.count += 1
                    return (max(1, state.now.ms - IDText.epochMs) << 22) + state.count
                }
            },
            randomBytes: { count in
                self.state.withLock { state in
                    (0..<count).map { _ in UInt8.random(in: 0...255, using: &state.random) }
                }
            })
    }
}

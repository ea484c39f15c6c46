import Synchronization

/// Counters and one histogram in the Prometheus text format.
package final class Metrics: Sendable {
    private struct State {
        var counters: [String: Int64] = [:]
        var gauges: [String: Int64] = [:]
        var buckets = [Int64](repeating: 0, count: Metrics.bounds.count + 1)
        var sumMicros: Int64 = 0
        var total: Int64 = 0
    }
    /// Upper bounds in milliseconds.
    private static let bounds: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000]
    private let state = Mutex(State())

    package init() {}

    package func count(_ name: String, by amount: Int64 = 1) {
        state.withLock { $0.counters[name, default: 0] += amount }
    }

    package func gauge(_ name: String, _ value: Int64) { state.withLock { $0.gauges[name] = value } }

    func request(status: Int, elapsed: Duration) {
        let micros = elapsed.components.seconds * 1_000_000 + elapsed.components.attoseconds / 1_000_000_000_000
        let index = Self.bounds.firstIndex { micros <= $0 * 1000 } ?? Self.bounds.count
        state.withLock { state in
            state.counters["redsteward_requests_total{class=\"\(status / 100)xx\"}", default: 0] += 1
            state.buckets[index] += 1
            state.sumMicros += micros
            state.total += 1
        }
    }

    package var text: String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        for (name, value) in state.counters.sorted(by: { $0.key < $1.key }) { lines.append("\(name) \(value)") }
        for (name, value) in state.gauges.sorted(by: { $0.key < $1.key }) { lines.append("\(name) \(value)") }
        var running: Int64 = 0
        lines.append("# TYPE redsteward_request_seconds histogram")
        for (index, count) in state.buckets.enumerated() {
            running += count
            let bound = index < Self.bounds.count ? String(Double(Self.bounds[index]) / 1000) : "+Inf"
            lines.append("redsteward_request_seconds_bucket{le=\"\(bound)\"} \(running)")
        }
        lines.append("redsteward_request_seconds_sum \(Double(state.sumMicros) / 1_000_000)")
        lines.append("redsteward_request_seconds_count \(state.total)")
        return lines.joined(separator: "\n") + "\n"
    }
}

import Glibc

/// Work that the threads of a pool take: what waits longest first, but never so many writes at once that no thread is
/// left to read.
///
/// Unchecked: the mutex guards everything.
final class WorkQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var reads = Line()
    private var writes = Line()
    private var number = 0
    private var writing = 0
    private var isFinished = false
    private let limit: Int
    private let writers: Int
    /// How many writes may run at once now: fewer while they are in each other's way, since each that is has to begin
    /// anew. One less after a conflict, one more after a calm time.
    private var allowed: Int
    private var calm = 0
    private static let calmWrites = 16

    /// - Parameters:
    ///   - limit: how many may wait.
    ///   - writers: how many writes may run at once.
    init(limit: Int, writers: Int) {
        self.limit = limit
        self.writers = writers
        allowed = writers
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    enum Admission { case accepted, full, finished }

    func add(_ job: any PendingJob) -> Admission {
        locked {
            if isFinished { return .finished }
            guard reads.count + writes.count < limit else { return .full }
            number += 1
            if job.writes { writes.append(job, number) } else { reads.append(job, number) }
            pthread_cond_signal(condition)
            return .accepted
        }
    }

    /// Waits for work. Nil when there will be no more.
    func next() -> (any PendingJob)? {
        locked {
            while true {
                if let job = takeFirst() { return job }
                if isFinished && writes.count == 0 { return nil }
                pthread_cond_wait(condition, mutex)
            }
        }
    }

    /// - Parameter hadConflict: whether a write had to begin anew.
    func ended(_ job: any PendingJob, hadConflict: Bool) {
        locked {
            guard job.writes else { return }
            writing -= 1
            calm = hadConflict ? 0 : calm + 1
            if hadConflict { allowed = max(1, allowed - 1) }
            if calm >= Self.calmWrites * allowed && allowed < writers {
                allowed += 1
                calm = 0
                pthread_cond_signal(condition)
            }
            pthread_cond_signal(condition)
        }
    }

    /// Accepts no more; what was accepted is still done.
    func finish() {
        locked {
            isFinished = true
            pthread_cond_broadcast(condition)
        }
    }

    var waitingCount: Int { locked { reads.count + writes.count } }

    private func takeFirst() -> (any PendingJob)? {
        let mayWrite = writing < allowed
        if let write = writes.firstNumber, mayWrite, write < reads.firstNumber ?? .max {
            writing += 1
            return writes.removeFirst()
        }
        return reads.removeFirst()
    }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// First in, first out.
private struct Line {
    private var items: [(job: any PendingJob, number: Int)?] = []
    private var head = 0

    var count: Int { items.count - head }
    var firstNumber: Int? { head < items.count ? items[head]?.number : nil }

    mutating func append(_ job: any PendingJob, _ number: Int) { items.append((job, number)) }

    mutating func removeFirst() -> (any PendingJob)? {
        guard head < items.count else { return nil }
        let job = items[head]?.job
        items[head] = nil
        head += 1
        if head > 64 && head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return job
    }
}

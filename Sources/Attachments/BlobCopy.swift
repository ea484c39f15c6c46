import NIOCore
import Web

/// Moves a house's files from one place to another. What is there already is passed over, so that a copy that was broken
/// off goes on where it stopped.
package struct BlobCopy: Sendable {
    let from: any BlobStore
    let to: any BlobStore
    /// Where a file lies on its way from a place that is not a disk.
    let spool: Spool

    package init(from: any BlobStore, to: any BlobStore, spool: Spool) {
        self.from = from
        self.to = to
        self.spool = spool
    }

    package struct Count: Sendable, Equatable {
        /// All in the first place.
        package var files = 0
        package var bytes = 0
        /// Were there already, with the same length.
        package var present = 0
        package var copied = 0
        package var copiedBytes = 0
    }

    private static let atOnce = 4

    /// Throws the first fault; what is copied until then stays.
    /// - Parameter tell: after every file.
    package func run(_ tell: (Count) -> Void) async throws -> Count {
        var there: [ContentName: Int] = [:]
        try await to.list { name, size in there[name] = size }
        var wanted: [ContentName] = []
        var sizes: [ContentName: Int] = [:]
        var count = Count()
        try await from.list { name, size in
            count.files += 1
            count.bytes += size
            if there[name] == size {
                count.present += 1
            } else {
                wanted.append(name)
                sizes[name] = size
            }
        }
        tell(count)
        try await withThrowingTaskGroup(of: ContentName.self) { group in
            for (index, name) in wanted.enumerated() {
                if index >= Self.atOnce, let done = try await group.next() { note(done) }
                group.addTask {
                    try await move(name)
                    return name
                }
            }
            while let done = try await group.next() { note(done) }

            func note(_ name: ContentName) {
                count.copied += 1
                count.copiedBytes += sizes[name] ?? 0
                tell(count)
            }
        }
        return count
    }

    private func move(_ name: ContentName) async throws {
        if let path = try await from.localPath(of: name) { return try await to.put(path: path, as: name) }
        let reader = try await from.reader(name)
        let file = try spool.file()
        while let chunk = try await reader.next() { try file.append(Array(chunk.readableBytesView)) }
        file.finish()
        try await to.put(path: file.path, as: name)
    }
}

/// Reads every file of a place and compares it with its name.
package struct BlobCheck: Sendable {
    package struct Report: Sendable, Equatable {
        package var files = 0
        package var bytes = 0
        package var corrupt: [ContentName] = []
        /// Are named, and not there.
        package var missing: [ContentName] = []
        /// Are there, and nobody names them: what a refused form left.
        package var unnamed = 0
        package var isSound: Bool { corrupt.isEmpty && missing.isEmpty }
    }

    /// - Parameter tell: after every file.
    package static func run(
        _ store: any BlobStore, named: Set<String>, _ tell: (Report) -> Void
    ) async throws -> Report {
        var report = Report()
        var seen: Set<String> = []
        try await store.list { name, size in
            do {
                let reader = try await store.reader(name)
                while try await reader.next() != nil {}
            } catch BlobFault.corrupt {
                report.corrupt.append(name)
            } catch BlobFault.missing {
                // Deleted since it was listed.
                return
            }
            seen.insert(name.text)
            report.files += 1
            report.bytes += size
            if !named.contains(name.text) { report.unnamed += 1 }
            tell(report)
        }
        report.missing = try named.subtracting(seen).sorted().map { try ContentName($0) }
        return report
    }
}

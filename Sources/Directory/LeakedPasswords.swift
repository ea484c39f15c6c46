import Crypto
import Foundation
import Kernel

#if canImport(Glibc)
    import Glibc
#endif

/// Passwords that everybody can look up, so that nobody here takes one of them (rules.md 12.4, `asvs5`).
///
/// What an operator imported lies in the folder of the data as `leaked.pwd`: after a head of 16 bytes the first eight
/// bytes of each SHA-1, sorted. It is searched where it lies, so it may be of any size, and a new one holds from the
/// moment when it takes the old one's name. Without it a list of common passwords of the system counts, where there is
/// one. The parts of `CommonPasswords` hold beside either.
package struct LeakedPasswords: Sendable {
    package static let fileName = "leaked.pwd"
    /// Of the Debian package cracklib-runtime: words and passwords in small letters, one a line, sorted by bytes.
    package static let systemList = "/usr/share/dict/cracklib-small"
    static let magic: [UInt8] = Array("RSLEAK1\n".utf8)
    static let headBytes = 16
    static let digestBytes = 8

    let path: String
    let system: String

    /// - Parameter folder: of the data.
    package init(folder: String, system: String = systemList) {
        path = folder + "/" + Self.fileName
        self.system = system
    }

    /// What is in use.
    package enum State: Sendable, Equatable {
        case imported(count: Int64)
        case system(path: String, count: Int64)
        case none
        /// The imported file is not what the import wrote.
        case damaged
    }

    /// Whether a password is in the list, as it was typed or in small letters. Reads a few pages of a file: not for the
    /// cooperative pool.
    package func holds(_ password: String) -> Bool {
        let readings = Set([password, password.lowercased()]).map { Array($0.utf8) }
        if let file = Reader(path) { return readings.contains { file.holds(Self.digest($0)) } }
        return readings.contains(where: systemHolds)
    }

    package func state() -> State {
        if let file = Reader(path) { return .imported(count: file.count) }
        if access(path, F_OK) == 0 { return .damaged }
        guard let text = try? Data(contentsOf: URL(fileURLWithPath: system), options: .alwaysMapped) else {
            return .none
        }
        return .system(path: system, count: text.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 })
    }

    static func digest(_ bytes: some Sequence<UInt8>) -> UInt64 {
        Insecure.SHA1.hash(data: Array(bytes)).prefix(digestBytes).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func systemHolds(_ word: [UInt8]) -> Bool {
        guard word.count >= 4, !word.contains(0x0A),
            let text = try? Data(contentsOf: URL(fileURLWithPath: system), options: .alwaysMapped)
        else { return false }
        return text.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return false }
            var at = 0
            while at < all.count {
                let rest = all.count - at
                let stop = memchr(base + at, 0x0A, rest).map { UnsafeRawPointer($0) - base - at }
                let size = stop ?? rest
                if size == word.count, memcmp(base + at, word, size) == 0 { return true }
                at += size + 1
            }
            return false
        }
    }

    /// The file of an import, open.
    private final class Reader {
        private let file: Int32
        let count: Int64

        /// Nil when there is none, or another file of this name.
        init?(_ path: String) {
            file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            var head = [UInt8](repeating: 0, count: headBytes)
            var status = stat()
            guard fstat(file, &status) == 0, pread(file, &head, headBytes, 0) == headBytes,
                head.starts(with: magic)
            else {
                Glibc.close(file)
                return nil
            }
            let said = head[8...].reduce(Int64(0)) { $0 << 8 | Int64($1 & 0xFF) }
            guard said >= 0, said < Int64.max / 16,
                Int64(status.st_size) == Int64(headBytes) + said * Int64(digestBytes)
            else {
                Glibc.close(file)
                return nil
            }
            count = said
        }

        deinit { Glibc.close(file) }

        func holds(_ wanted: UInt64) -> Bool {
            var low: Int64 = 0
            var high = count
            while low < high {
                let middle = low + (high - low) / 2
                var raw: UInt64 = 0
                let place = off_t(Int64(headBytes) + middle * Int64(digestBytes))
                guard pread(file, &raw, digestBytes, place) == digestBytes else { return false }
                let found = UInt64(bigEndian: raw)
                if found == wanted { return true }
                if found < wanted { low = middle + 1 } else { high = middle }
            }
            return false
        }
    }
}

/// Makes the file of leaked passwords from a list of any size, in a bounded memory: sorted pieces of it lie beside the
/// file until they are merged. The file appears whole or not at all; a killed import leaves the old one.
package struct LeakedImport {
    package enum Fault: Error, CustomStringConvertible, Equatable {
        case unreadable(String)
        case notADigest(line: Int64)
        case empty
        case notWritten(String)

        package var description: String {
            switch self {
            case .unreadable(let path): "\(path) cannot be read"
            case .notADigest(let line): "line \(line) is not a SHA-1 digest in hexadecimal, as the first line was"
            case .empty: "the list holds no passwords; nothing was changed"
            case .notWritten(let why): "the list could not be written: \(why); the old one is as it was"
            }
        }
    }

    package struct Report: Sendable, Equatable {
        /// Different entries that are in the file now.
        package var entries: Int64 = 0
        package var lines: Int64 = 0
        /// Lines that nobody could type as a password here: too long.
        package var skipped: Int64 = 0
        package var wereDigests = false
    }

    let folder: String
    /// Digests that are sorted at a time: eight bytes each, twice while they are sorted.
    let batch: Int

    package init(folder: String, batch: Int = 8_000_000) {
        self.folder = folder
        self.batch = max(1, batch)
    }

    /// - Parameter path: a plain list, one password a line, or lines `SHA1:COUNT`; told apart by the first line.
    package func run(_ path: String) throws -> Report {
        guard let lines = Lines(path) else { throw Fault.unreadable(path) }
        // What a killed import left.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(LeakedPasswords.fileName + ".") {
            unlink(folder + "/" + name)
        }
        var report = Report()
        var pieces: [String] = []
        defer { for piece in pieces { unlink(piece) } }
        var kept: [UInt64] = []
        kept.reserveCapacity(min(batch, 1_000_000))
        var out: Writer?
        var last: UInt64 = 0
        func flush() throws {
            kept.sort()
            // A list that is sorted as it comes is one piece.
            if out == nil || kept[0] < last {
                try out?.end()
                let piece = "\(folder)/\(LeakedPasswords.fileName).\(pieces.count)"
                pieces.append(piece)
                out = try Writer(piece)
            }
            for one in kept { try out?.put(one) }
            last = kept[kept.count - 1]
            kept.removeAll(keepingCapacity: true)
        }
        var isFirst = true
        while let line = try lines.next() {
            report.lines += 1
            guard let line else {
                report.skipped += 1
                continue
            }
            if line.isEmpty || line.starts(with: "#!comment".utf8) { continue }
            if isFirst {
                report.wereDigests = Self.digest(line) != nil
                isFirst = false
            }
            if report.wereDigests {
                guard let digest = Self.digest(line) else { throw Fault.notADigest(line: report.lines) }
                kept.append(digest)
            } else {
                kept.append(LeakedPasswords.digest(line))
                // A list in Latin letters of before: what people type is UTF-8.
                if String(validating: line, as: UTF8.self) == nil {
                    let scalars = String.UnicodeScalarView(line.map { Unicode.Scalar($0) })
                    kept.append(LeakedPasswords.digest(String(scalars).utf8))
                }
            }
            if kept.count >= batch { try flush() }
        }
        if !kept.isEmpty { try flush() }
        try out?.end()
        guard !pieces.isEmpty else { throw Fault.empty }
        report.entries = try merge(pieces)
        return report
    }

    private func merge(_ pieces: [String]) throws -> Int64 {
        let fresh = "\(folder)/\(LeakedPasswords.fileName).new"
        let out = try Writer(fresh, head: true)
        defer { unlink(fresh) }
        let readers = try pieces.map { try Piece($0) }
        var last: UInt64?
        while let least = readers.compactMap({ $0.next }).min() {
            for one in readers { while one.next == least { try one.step() } }
            if least != last { try out.put(least) }
            last = least
        }
        try out.end()
        guard rename(fresh, "\(folder)/\(LeakedPasswords.fileName)") == 0 else {
            throw Fault.notWritten(String(cString: strerror(errno)))
        }
        let place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if place >= 0 {
            fsync(place)
            close(place)
        }
        return out.count
    }

    /// The first eight bytes of forty hexadecimal signs, alone or before a colon.
    static func digest(_ line: ArraySlice<UInt8>) -> UInt64? {
        guard line.count == 40 || (line.count > 40 && line[line.startIndex + 40] == 0x3A) else { return nil }
        var value: UInt64 = 0
        for (index, byte) in line.prefix(40).enumerated() {
            let nibble: UInt64
            switch byte {
            case 0x30...0x39: nibble = UInt64(byte - 0x30)
            case 0x41...0x46: nibble = UInt64(byte - 0x41 + 10)
            case 0x61...0x66: nibble = UInt64(byte - 0x61 + 10)
            default: return nil
            }
            if index < 16 { value = value << 4 | nibble }
        }
        return value
    }
}

/// Lines of a file, read as they come; one that is longer than any password is told as nil and takes no room.
private final class Lines {
    static let longest = 600
    private let file: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var at = 0
    private var end = 0
    private var isFirst = true

    init?(_ path: String) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
    }

    deinit { close(file) }

    /// Nil at the end.
    func next() throws -> ArraySlice<UInt8>?? {
        var line: [UInt8] = []
        var isLong = false
        var any = false
        while true {
            if at == end {
                end = read(file, &buffer, buffer.count)
                at = 0
                guard end >= 0 else {
                    end = 0
                    throw LeakedImport.Fault.unreadable("the list")
                }
                if end == 0 { break }
            }
            any = true
            let part = buffer[at..<end]
            let stop = part.firstIndex(of: 0x0A)
            let piece = part[..<(stop ?? end)]
            if line.count + piece.count > Self.longest { isLong = true } else { line += piece }
            at = stop.map { $0 + 1 } ?? end
            if stop != nil { break }
        }
        guard any else { return .none }
        if isLong { return .some(nil) }
        if line.last == 0x0D { line.removeLast() }
        if isFirst, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        isFirst = false
        return .some(line[...])
    }
}

/// Digests on their way into a file.
private final class Writer {
    private let file: Int32
    private let hasHead: Bool
    private var buffer: [UInt8] = []
    private(set) var count: Int64 = 0

    init(_ path: String, head: Bool = false) throws {
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LeakedImport.Fault.notWritten(String(cString: strerror(errno))) }
        hasHead = head
        buffer.reserveCapacity(1 << 16)
        // Named at the end: until then the head says that this is no list.
        if head { buffer = [UInt8](repeating: 0, count: LeakedPasswords.headBytes) }
    }

    deinit { close(file) }

    func put(_ digest: UInt64) throws {
        withUnsafeBytes(of: digest.bigEndian) { buffer.append(contentsOf: $0) }
        count += 1
        if buffer.count >= 1 << 16 { try flush() }
    }

    private func flush() throws {
        var start = 0
        while start < buffer.count {
            let done = buffer.withUnsafeBytes { write(file, $0.baseAddress! + start, $0.count - start) }
            if done < 0, errno == EINTR { continue }
            guard done > 0 else { throw LeakedImport.Fault.notWritten(String(cString: strerror(errno))) }
            start += done
        }
        buffer.removeAll(keepingCapacity: true)
    }

    func end() throws {
        try flush()
        if hasHead {
            let head = LeakedPasswords.magic + withUnsafeBytes(of: count.bigEndian) { Array($0) }
            guard pwrite(file, head, head.count, 0) == head.count else {
                throw LeakedImport.Fault.notWritten(String(cString: strerror(errno)))
            }
        }
        guard fsync(file) == 0 else { throw LeakedImport.Fault.notWritten(String(cString: strerror(errno))) }
    }
}

/// A sorted piece, read forwards.
private final class Piece {
    private let file: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var at = 0
    private var end = 0
    private(set) var next: UInt64?

    init(_ path: String) throws {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw LeakedImport.Fault.unreadable(path) }
        try step()
    }

    deinit { close(file) }

    func step() throws {
        if at == end {
            // A regular file gives whole buffers until its end, and its length is a multiple of eight.
            end = read(file, &buffer, buffer.count)
            at = 0
            guard end >= 0 else {
                end = 0
                throw LeakedImport.Fault.unreadable("a sorted piece of the list")
            }
            guard end >= LeakedPasswords.digestBytes else {
                next = nil
                return
            }
        }
        next = buffer[at..<at + LeakedPasswords.digestBytes].reduce(0) { $0 << 8 | UInt64($1) }
        at += LeakedPasswords.digestBytes
    }
}

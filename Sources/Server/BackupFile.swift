import CZlib
import Crypto
import Foundation
import Kernel

/// The form of a backup on disk: a head, then pieces, each compressed and sealed with AES-GCM.
///
/// Head: the line `REDSTEWARD BACKUP 1`, 8 bytes that name the key, 32 bytes of salt. A piece: 4 bytes of length (the
/// highest bit marks the last one), then the sealed bytes. Its nonce is its number, and head, number and length are
/// authenticated with it, under a key that belongs to this file alone. So no piece can be changed, left out, moved,
/// repeated or brought from another backup, and the end is proven by the last piece.
enum BackupForm {
    static let magic = Array("REDSTEWARD BACKUP 1\n".utf8)
    static let saltBytes = 32
    static let headBytes = magic.count + 8 + saltBytes
    /// Bytes of the stream in one piece.
    static let pieceBytes = 1 << 20
    static let lastMark: UInt32 = 1 << 31
    /// A piece that does not get smaller is kept as it is, with 5 bytes before it and a tag of 16 after it.
    static let longestPiece = UInt32(pieceBytes + 64)

    static func nonce(_ number: Int) throws -> AES.GCM.Nonce {
        try AES.GCM.Nonce(data: [0, 0, 0, 0] + bytes(UInt64(number)))
    }

    static func context(_ head: [UInt8], _ number: Int, _ length: UInt32) -> [UInt8] {
        head + bytes(UInt64(number)) + bytes(length)
    }

    static func bytes<N: FixedWidthInteger>(_ number: N) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// 0 and the bytes, or 1, their count and what zlib makes of them.
    static func packed(_ raw: [UInt8]) -> [UInt8] {
        var size = compressBound(UInt(raw.count))
        var small = [UInt8](repeating: 0, count: Int(size))
        let code = compress2(&small, &size, raw, UInt(raw.count), 6)
        guard code == Z_OK, Int(size) < raw.count else { return [0] + bytes(UInt32(raw.count)) + raw }
        return [1] + bytes(UInt32(raw.count)) + small[..<Int(size)]
    }

    /// Nil for what `packed` never made; never more than a piece.
    static func unpacked(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 5 else { return nil }
        let count = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard count <= pieceBytes else { return nil }
        let content = Array(bytes[5...])
        if bytes[0] == 0 { return content.count == count ? content : nil }
        var raw = [UInt8](repeating: 0, count: count)
        var size = UInt(count)
        guard bytes[0] == 1, uncompress(&raw, &size, content, UInt(content.count)) == Z_OK, size == count else {
            return nil
        }
        return raw
    }
}

/// Writes a backup under a name of its own and gives it the final one when it is whole and on the device.
final class BackupFileWriter {
    private let path: String
    private let key: SymmetricKey
    private let head: [UInt8]
    private var file: WholeFile
    private var buffer: [UInt8] = []
    private var number = 0
    private(set) var size: Int64 = 0

    static let temporaryPrefix = ".redsteward-part-"

    /// Throws `BackupFault.exists` when the final name is taken.
    init(path: String, key: BackupKey, randomBytes: (Int) -> [UInt8]) throws {
        guard !FileManager.default.fileExists(atPath: path) else { throw BackupFault.exists(path) }
        let salt = randomBytes(BackupForm.saltBytes)
        head = BackupForm.magic + key.id + salt
        self.path = path
        self.key = key.fileKey(salt: salt)
        let folder = (path as NSString).deletingLastPathComponent
        let mark = randomBytes(8).hexadecimal
        file = try WholeFile(path: (folder.isEmpty ? "." : folder) + "/" + Self.temporaryPrefix + mark)
        do {
            try put(head)
        } catch {
            file.discard()
            throw error
        }
    }

    func write(_ bytes: [UInt8]) throws {
        buffer += bytes
        // The last piece is only known at the end, so one is always kept back.
        while buffer.count > BackupForm.pieceBytes {
            try seal(Array(buffer[..<BackupForm.pieceBytes]), isLast: false)
            buffer.removeFirst(BackupForm.pieceBytes)
        }
    }

    /// The file is whole, on the device and under its name afterwards.
    func finish() throws {
        try seal(buffer, isLast: true)
        try file.close()
        guard !FileManager.default.fileExists(atPath: path) else { throw BackupFault.exists(path) }
        guard rename(file.path, path) == 0 else { throw BackupFault.last("rename", path) }
        let folder = (path as NSString).deletingLastPathComponent
        try WholeFile.sync(folder: folder.isEmpty ? "." : folder)
    }

    /// Leaves nothing behind.
    func discard() { file.discard() }

    private func seal(_ raw: [UInt8], isLast: Bool) throws {
        let plain = BackupForm.packed(raw)
        let length = UInt32(plain.count + 16) | (isLast ? BackupForm.lastMark : 0)
        let box = try AES.GCM.seal(
            plain, using: key, nonce: BackupForm.nonce(number),
            authenticating: BackupForm.context(head, number, length))
        try put(BackupForm.bytes(length) + Array(box.ciphertext) + Array(box.tag))
        number += 1
    }

    private func put(_ bytes: [UInt8]) throws {
        do {
            try file.write(bytes)
        } catch BackupFault.full {
            throw BackupFault.full(path)
        }
        size += Int64(bytes.count)
    }
}

/// Reads a backup a piece at a time. Throws `BackupFault`.
final class BackupFileReader {
    private let file: FileHandle
    private let key: SymmetricKey
    private let head: [UInt8]
    private var number = 0
    private var isOver = false

    init(path: String, key: BackupKey) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw BackupFault.last("open", path) }
        self.file = file
        guard let head = try Self.take(BackupForm.headBytes, file),
            head.starts(with: BackupForm.magic)
        else { throw BackupFault.notABackup }
        guard Array(head[BackupForm.magic.count..<BackupForm.magic.count + 8]) == key.id else {
            throw BackupFault.otherKey
        }
        self.head = head
        self.key = key.fileKey(salt: Array(head.suffix(BackupForm.saltBytes)))
    }

    /// The next bytes of the stream; nil after the last piece.
    func next() throws -> [UInt8]? {
        if isOver { return nil }
        guard let head = try Self.take(4, file) else { throw BackupFault.cutShort }
        let length = head.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let count = length & ~BackupForm.lastMark
        guard count >= 16, count <= BackupForm.longestPiece else { throw BackupFault.altered(piece: number) }
        guard let sealed = try Self.take(Int(count), file) else { throw BackupFault.cutShort }
        guard
            let box = try? AES.GCM.SealedBox(
                nonce: BackupForm.nonce(number), ciphertext: sealed.dropLast(16), tag: sealed.suffix(16)),
            let plain = try? AES.GCM.open(
                box, using: key, authenticating: BackupForm.context(self.head, number, length)),
            let raw = BackupForm.unpacked(Array(plain))
        else { throw BackupFault.altered(piece: number) }
        number += 1
        if length & BackupForm.lastMark != 0 {
            isOver = true
            guard try Self.take(1, file) == nil else { throw BackupFault.altered(piece: number) }
        }
        return raw
    }

    private static func take(_ count: Int, _ file: FileHandle) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = try file.read(upToCount: count - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return bytes
    }
}

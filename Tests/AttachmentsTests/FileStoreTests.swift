import Kernel
import NIOCore
import Testing
import Web

@testable import Attachments

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension BlobStore {
    /// By way of a file, as everything goes.
    @discardableResult func put(_ bytes: [UInt8]) async throws -> ContentName {
        let path = try temporaryFolder() + "/content"
        try makeFile(path, bytes)
        defer { unlink(path) }
        let name = ContentName(of: bytes)
        try await put(path: path, as: name)
        return name
    }

    func bytes(of name: ContentName) async throws -> [UInt8] {
        let reader = try await reader(name)
        var bytes: [UInt8] = []
        while let chunk = try await reader.next() { bytes += Array(chunk.readableBytesView) }
        #expect(bytes.count == reader.length)
        return bytes
    }

    func all() async throws -> [ContentName: Int] {
        var all: [ContentName: Int] = [:]
        try await list { name, size in #expect(all.updateValue(size, forKey: name) == nil) }
        return all
    }
}

func seeded(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes += $0 } }
    return Array(bytes.prefix(count))
}

@Suite struct FileStoreTests {
    @Test func sameContentIsKeptOnceAndReadBack() async throws {
        let store = try FileStore(folder: try temporaryFolder() + "/files")
        let bytes = Array("hello".utf8)
        let name = try await store.put(bytes)
        #expect(name.text == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(try await store.put(bytes) == name)
        #expect(try await store.localPath(of: name) == store.folder + "/2c/f2/" + name.text)
        #expect(try await store.exists(name))
        #expect(try await store.bytes(of: name) == bytes)
        #expect(try await store.all() == [name: 5])
        try await store.delete(name)
        try await store.delete(name)
        #expect(try await !store.exists(name))
        await #expect(throws: BlobFault.missing) { try await store.bytes(of: name) }
        let nothing = try await store.put([])
        #expect(try await store.bytes(of: nothing) == [])
    }

    @Test(arguments: [1, 65_535, 65_536, 65_537, 131_072, 300_001])
    func everyLengthComesBackWhole(length: Int) async throws {
        let store = try FileStore(folder: try temporaryFolder())
        let bytes = seeded(length, UInt64(length))
        let name = try await store.put(bytes)
        #expect(try await store.bytes(of: name) == bytes)
    }

    @Test func namesThatAreNoHashAreRefused() {
        let good = String(repeating: "a", count: 64)
        #expect(throws: Never.self) { try ContentName(good) }
        for bad in [
            "", "a", good + "a", String(good.dropLast()), String(good.dropLast()) + "A", String(good.dropLast()) + "g",
            "../../" + String(repeating: "a", count: 58), String(good.dropLast()) + "/",
            String(good.dropLast(2)) + "\u{E9}",
        ] {
            #expect(throws: BlobFault.badName) { try ContentName(bad) }
        }
    }

    @Test func contentThatIsNotThatOfItsNameIsNotKept() async throws {
        let store = try FileStore(folder: try temporaryFolder())
        let path = try temporaryFolder() + "/content"
        try makeFile(path, Array("jello".utf8))
        let name = ContentName(of: Array("hello".utf8))
        await #expect(throws: BlobFault.corrupt) { try await store.put(path: path, as: name) }
        await #expect(throws: BlobFault.missing) { try await store.put(path: path + "-none", as: name) }
        #expect(try await store.all().isEmpty)
        #expect(rmdir(store.folder + "/tmp") == 0)
    }

    @Test func changedFileIsFoundBeforeItsLastByteIsHandedOut() async throws {
        let store = try FileStore(folder: try temporaryFolder())
        let name = try await store.put(Array("hello".utf8))
        let path = try #require(try await store.localPath(of: name))
        try makeFile(path, Array("jello".utf8))
        let small = try await store.reader(name)
        // A small file is found out before anything is promised.
        await #expect(throws: BlobFault.corrupt) { try await small.begin() }
        // A file of another length is what a disk that lied leaves behind: put mends it.
        try makeFile(path, Array("hell".utf8))
        #expect(try await store.put(Array("hello".utf8)) == name)
        #expect(try await store.bytes(of: name) == Array("hello".utf8))

        var large = seeded(1_000_000, 5)
        let other = try await store.put(large)
        large[999_999] ^= 1
        try makeFile(try #require(try await store.localPath(of: other)), large)
        let reader = try await store.reader(other)
        var got = 0
        await #expect(throws: BlobFault.corrupt) {
            while let chunk = try await reader.next() { got += chunk.readableBytes }
        }
        #expect(got > 0 && got < 1_000_000)
    }

    @Test func nothingTemporaryIsLeft() async throws {
        let store = try FileStore(folder: try temporaryFolder())
        for index in 0..<20 { try await store.put([UInt8(index)]) }
        try makeFile(store.folder + "/tmp/put-abcdef", [1])
        try store.clearTemporary()
        #expect(rmdir(store.folder + "/tmp") == 0)
    }

    @Test func manyAtOnceWriteTheSame() async throws {
        let store = try FileStore(folder: try temporaryFolder())
        let bytes = [UInt8](repeating: 9, count: 100_000)
        let names = try await withThrowingTaskGroup(of: ContentName.self) { group in
            for _ in 0..<16 { group.addTask { try await store.put(bytes) } }
            return try await group.reduce(into: Set<ContentName>()) { $0.insert($1) }
        }
        #expect(names.count == 1)
        #expect(try await store.bytes(of: #require(names.first)) == bytes)
    }

    @Test func aCopyGoesOnWhereItStoppedAndTheCheckFindsWhatIsWrong() async throws {
        let (from, to) = (try FileStore(folder: temporaryFolder()), try FileStore(folder: temporaryFolder()))
        var names: [ContentName] = []
        for index in 0..<40 { names.append(try await from.put(seeded(index * 997, UInt64(index)))) }
        for index in 0..<13 { try await to.put(seeded(index * 997, UInt64(index))) }
        let copy = BlobCopy(from: from, to: to, spool: Spool(folder: try temporaryFolder()))
        let first = try await copy.run { _ in }
        #expect((first.files, first.present, first.copied) == (40, 13, 27))
        let second = try await copy.run { _ in }
        #expect((second.files, second.present, second.copied, second.copiedBytes) == (40, 40, 0, 0))
        #expect(try await to.all() == from.all())

        let named = Set(names.map(\.text))
        #expect(try await BlobCheck.run(to, named: named) { _ in }.isSound)
        try await to.delete(names[7])
        try makeFile(try #require(try await to.localPath(of: names[9])), seeded(9 * 997, 77))
        try await to.put(Array("a stranger".utf8))
        let report = try await BlobCheck.run(to, named: named) { _ in }
        #expect(!report.isSound)
        #expect(report.missing == [names[7]] && report.corrupt == [names[9]] && report.unnamed == 1)
    }
}

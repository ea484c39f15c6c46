import CVips
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Attachments

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, bytes.count >= wanted.count else { return false }
    return bytes.withUnsafeBufferPointer { buffer in
        (0...(buffer.count - wanted.count)).contains { start in
            buffer[start] == first && wanted.indices.allSatisfy { buffer[start + $0] == wanted[$0] }
        }
    }
}

private struct Colour: Equatable {
    let red: Int
    let green: Int
    let blue: Int
    var isRed: Bool { red > 180 && green < 80 && blue < 80 }
    func isNear(_ r: Int, _ g: Int, _ b: Int, by distance: Int = 14) -> Bool {
        abs(red - r) <= distance && abs(green - g) <= distance && abs(blue - b) <= distance
    }
}

private func pixel(_ picture: PictureRendition, _ x: Int, _ y: Int) throws -> Colour {
    var rgb: (UInt8, UInt8, UInt8) = (0, 0, 0)
    let status = withUnsafeMutableBytes(of: &rgb) { target in
        rs_vips_pixel(
            picture.bytes, picture.bytes.count, Int32(RS_VIPS_JPEG), Int32(x), Int32(y),
            target.bindMemory(to: UInt8.self).baseAddress)
    }
    try #require(status == 0)
    return Colour(red: Int(rgb.0), green: Int(rgb.1), blue: Int(rgb.2))
}

private func refusal(_ bytes: [UInt8]) -> PictureRefusal? {
    do {
        _ = try Pictures.process(bytes)
        return nil
    } catch { return error as? PictureRefusal }
}

/// CRC of a PNG chunk.
private func crc(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = .max
    for byte in bytes {
        value ^= UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
}

private func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return big(UInt32(data.count)) + body + big(crc(body))
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

private func pngBomb(_ width: UInt32, _ height: UInt32, form: [UInt8] = [8, 2, 0, 0, 0]) -> [UInt8] {
    pngSignature + chunk("IHDR", big(width) + big(height) + form)
        + chunk("IDAT", [0x78, 0x9C, 0xED, 0xC1, 0x01, 0x0D, 0x00, 0x00]) + chunk("IEND", [])
}

/// Folders of this process, gone when it ends.
private let folders = Mutex<[String]>([])

func temporaryFolder() throws -> String {
    var template = Array("/tmp/redsteward-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    folders.withLock { known in
        if known.isEmpty {
            atexit { folders.withLock { for folder in $0 { try? FileManager.default.removeItem(atPath: folder) } } }
        }
        known.append(folder)
    }
    return folder
}

func makeFile(_ path: String, _ bytes: [UInt8]) throws {
    let file = try #require(fopen(path, "wb"))
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    fclose(file)
}

@Suite struct PictureKindTests {
    @Test func contentDecidesAndNotTheName() throws {
        #expect(PictureKind(content: try SamplePicture(.jpeg, 8, 8).drawn()) == .jpeg)
        #expect(PictureKind(content: try SamplePicture(.png, 8, 8).drawn()) == .png)
        #expect(PictureKind(content: try SamplePicture(.webp, 8, 8).drawn()) == .webp)
        #expect(PictureKind(content: Array("GIF89a".utf8) + [1, 0, 1, 0]) == .gif)
        for text in [
            "", "\u{FF}", "GIF", "RIFF....WAVE", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "II*\u{0}",
        ] {
            #expect(PictureKind(content: Array(text.utf8)) == nil)
        }
    }

    @Test func brandsTellPhonePicturesFromFilms() {
        func file(_ brands: [String]) -> [UInt8] {
            let rest = brands.dropFirst().joined()
            return big(UInt32(12 + rest.utf8.count + 4)) + Array("ftyp\(brands[0])".utf8) + [0, 0, 0, 0]
                + Array(rest.utf8)
        }
        #expect(PictureKind(content: file(["heic", "mif1", "heic"])) == .heic)
        #expect(PictureKind(content: file(["mif1", "heic"])) == .heic)
        #expect(PictureKind(content: file(["avif", "mif1"])) == .avif)
        #expect(PictureKind(content: file(["mif1", "avif"])) == .avif)
        #expect(PictureKind(content: file(["isom", "mp41"])) == nil)
        #expect(PictureKind(content: file(["qt  "])) == nil)
    }
}

@Suite struct PicturesTests {
    @Test func phonePictureComesOutUprightWithoutMetadata() throws {
        var sample = SamplePicture(.jpeg, 640, 480)
        sample.orientation = 6
        sample.hasPlace = true
        let bytes = try sample.drawn()
        // The test would mean nothing if the picture that goes in had no metadata.
        for mark in ["Exif", "http://ns.adobe.com", "REDSTEWARD", "Photoshop", "ICC_PROFILE"] {
            #expect(contains(bytes, mark), "\(mark)")
        }
        let result = try Pictures.process(bytes)
        #expect(result.kind == .jpeg)
        #expect(result.picture.width == 480)
        #expect(result.picture.height == 640)
        // Stored at the upper left, seen at the upper right.
        #expect(try pixel(result.picture, 400, 60).isRed)
        #expect(try !pixel(result.picture, 60, 60).isRed)
        for picture in [result.picture, result.medium, result.square] {
            #expect(picture.bytes.starts(with: [0xFF, 0xD8, 0xFF]))
            #expect(markers(picture.bytes).isSubset(of: [0xE0, 0xDB, 0xC0, 0xC4, 0xDA]))
            for mark in [
                "Exif", "GPS", "http://ns.adobe.com", "REDSTEWARD", "Photoshop", "8BIM", "ICC_PROFILE", "SECRET",
            ] {
                #expect(!contains(picture.bytes, mark), "\(mark)")
            }
        }
    }

    /// The segments before the compressed data.
    private func markers(_ jpeg: [UInt8]) -> Set<UInt8> {
        var found: Set<UInt8> = []
        var at = 2
        while at + 3 < jpeg.count, jpeg[at] == 0xFF {
            found.insert(jpeg[at + 1])
            if jpeg[at + 1] == 0xDA { break }
            at += 2 + Int(jpeg[at + 2]) << 8 + Int(jpeg[at + 3])
        }
        return found
    }

    @Test(arguments: 1...8) func everyOrientationComesOutUpright(orientation: Int) throws {
        var sample = SamplePicture(.jpeg, 320, 240)
        sample.orientation = orientation
        let result = try Pictures.process(try sample.drawn())
        let turned = orientation >= 5
        #expect(result.picture.width == (turned ? 240 : 320))
        #expect(result.picture.height == (turned ? 320 : 240))
        let right = [2, 3, 6, 7].contains(orientation)
        let low = [3, 4, 7, 8].contains(orientation)
        for (x, isRight) in [(40, false), (result.picture.width - 40, true)] {
            for (y, isLow) in [(40, false), (result.picture.height - 40, true)] {
                #expect(try pixel(result.picture, x, y).isRed == (isRight == right && isLow == low))
            }
        }
    }

    @Test func phonesOwnFormatTurnsByItsOwnPropertyOnly() throws {
        // HEIF keeps the orientation in a property that the decoder obeys; EXIF repeats it and must not turn again.
        guard Pictures.canRead(.heic) else { return }
        var sample = SamplePicture(.heic, 320, 240)
        sample.orientation = 6
        sample.hasPlace = true
        let bytes = try sample.drawn()
        #expect(contains(bytes, "Exif"))
        let result = try Pictures.process(bytes)
        #expect(result.picture.width == 320 && result.picture.height == 240)
        #expect(try pixel(result.picture, 40, 40).isRed)
        #expect(!contains(result.picture.bytes, "Exif") && !contains(result.picture.bytes, "REDSTEWARD"))
    }

    @Test func sizesAreBoundedAndNeverEnlarged() throws {
        let large = try Pictures.process(try SamplePicture(.jpeg, 4000, 3000).drawn())
        #expect(large.picture.width == 2560 && large.picture.height == 1920)
        #expect(large.medium.width == 640 && large.medium.height == 480)
        #expect(large.square.width == 168 && large.square.height == 168)
        let small = try Pictures.process(try SamplePicture(.png, 50, 20).drawn())
        #expect(small.picture.width == 50 && small.picture.height == 20)
        #expect(small.medium.width == 50 && small.medium.height == 20)
        #expect(small.square.width == 168 && small.square.height == 168)
    }

    @Test(arguments: [(1, 1), (1, 3000), (9000, 1), (9000, 3), (7, 5), (2561, 2560), (640, 641), (168, 168)])
    func oddShapesAreTaken(width: Int, height: Int) throws {
        let result = try Pictures.process(try SamplePicture(.png, width, height).drawn())
        #expect(max(result.picture.width, result.picture.height) == min(2560, max(width, height)))
        #expect(result.picture.width >= 1 && result.picture.height >= 1)
        #expect(max(result.medium.width, result.medium.height) == min(640, max(width, height)))
        #expect(result.square.width == 168 && result.square.height == 168)
    }

    @Test func everyFormOfColourBecomesTheSame() throws {
        var shapes = [SamplePicture(.jpeg, 200, 200), SamplePicture(.png, 200, 200), SamplePicture(.webp, 200, 200)]
        shapes.append(SamplePicture(.png, 200, 200))
        shapes[3].isDeep = true
        shapes.append(SamplePicture(.png, 200, 200))
        shapes[4].isInterlaced = true
        shapes.append(SamplePicture(.jpeg, 200, 200))
        shapes[5].isInterlaced = true
        shapes.append(SamplePicture(.jpeg, 200, 200))
        shapes[6].hasPlace = true
        if Pictures.canRead(.heic) { shapes.append(SamplePicture(.heic, 200, 200)) }
        for shape in shapes {
            let result = try Pictures.process(try shape.drawn())
            #expect(result.kind == shape.kind)
            #expect(try pixel(result.picture, 40, 40).isNear(230, 20, 20), "\(shape)")
            #expect(try pixel(result.picture, 160, 160).isNear(20, 124, 124), "\(shape)")
        }
    }

    @Test func greyAndPrintersColoursAreTaken() throws {
        var grey = SamplePicture(.jpeg, 200, 200)
        grey.isGrey = true
        #expect(try pixel(Pictures.process(try grey.drawn()).picture, 40, 40).isNear(230, 230, 230))
        grey.kind = .png
        grey.isDeep = true
        #expect(try pixel(Pictures.process(try grey.drawn()).picture, 40, 40).isNear(230, 230, 230))
        var printed = SamplePicture(.jpeg, 200, 200)
        printed.isCMYK = true
        let result = try Pictures.process(try printed.drawn())
        #expect(result.picture.width == 200)
    }

    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func transparentBecomesWhite(isDeep: Bool, isGrey: Bool) throws {
        var sample = SamplePicture(.png, 200, 200)
        sample.hasAlpha = true
        sample.isDeep = isDeep
        sample.isGrey = isGrey
        let colour = try pixel(Pictures.process(try sample.drawn()).picture, 40, 40)
        #expect(isGrey ? colour.isNear(242, 242, 242) : colour.isNear(242, 137, 137))
    }

    @Test func textWithPictureNameIsRefused() throws {
        let folder = try temporaryFolder()
        try makeFile(folder + "/photo.jpg", Array("This is not a photo.".utf8))
        #expect(throws: PictureRefusal.notAPicture) { try Pictures.process(path: folder + "/photo.jpg") }
        try makeFile(folder + "/notes.txt", try SamplePicture(.png, 9, 9).drawn())
        #expect(try Pictures.process(path: folder + "/notes.txt").kind == .png)
        try makeFile(folder + "/empty.jpg", [])
        #expect(throws: PictureRefusal.notAPicture) { try Pictures.process(path: folder + "/empty.jpg") }
        #expect(throws: PictureFault.reading(ENOENT)) { try Pictures.process(path: folder + "/none.jpg") }
        #expect(throws: PictureFault.reading(EINVAL)) { try Pictures.process(path: folder) }
    }

    @Test(arguments: [PictureKind.jpeg, .png, .webp, .heic], [0.02, 0.3, 0.6, 0.9])
    func cutShortIsRefused(kind: PictureKind, part: Double) throws {
        guard Pictures.canRead(kind) else { return }
        var sample = SamplePicture(kind, 400, 300)
        sample.noise = 60
        let bytes = try sample.drawn()
        #expect(refusal(bytes) == nil)
        #expect(refusal(Array(bytes.prefix(Int(Double(bytes.count) * part)))) == .damaged)
    }

    @Test func progressiveCutShortIsRefused() throws {
        var sample = SamplePicture(.jpeg, 400, 300)
        sample.isInterlaced = true
        sample.noise = 60
        let bytes = try sample.drawn()
        #expect(refusal(Array(bytes.prefix(bytes.count / 2))) == .damaged)
    }

    @Test func bombIsRefusedBeforeItIsDecoded() throws {
        try Pictures.start()
        // Of this thread alone: what else the machine does is not counted.
        func worked() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = worked()
        do {
            #expect(refusal(pngBomb(30_000, 30_000)) == .tooManyPixels)
            #expect(refusal(pngBomb(1_000_000, 61)) == .tooManyPixels)
            #expect(refusal(pngBomb(0x7FFF_FFFF, 0x7FFF_FFFF)) != nil)
            #expect(refusal(pngBomb(7000, 7000, form: [16, 6, 0, 0, 1])) == .tooManyPixels)
            #expect(refusal(pngBomb(0, 5)) == .damaged)
            // 8,000 by 8,000 are claimed by a JPEG that holds 64 by 64.
            var jpeg = try SamplePicture(.jpeg, 64, 64).drawn()
            let start = try #require((0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
            jpeg.replaceSubrange(start + 5..<start + 9, with: [0x1F, 0x40, 0x1F, 0x40])
            #expect(refusal(jpeg) == .tooManyPixels)
        }
        #expect(worked() - start < 0.5)
    }

    @Test func tooManyScansAreRefused() throws {
        var sample = SamplePicture(.jpeg, 64, 64)
        sample.isInterlaced = true
        var bytes = try sample.drawn()
        let scan = try #require((0..<bytes.count - 1).last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        let last = Array(bytes[scan..<bytes.count - 2])
        for _ in 0..<200 { bytes.insert(contentsOf: last, at: bytes.count - 2) }
        #expect(refusal(bytes) == .damaged)
    }

    @Test func oneByteTooManyIsRefused() throws {
        let picture = try SamplePicture(.jpeg, 32, 32).drawn()
        let room = [UInt8](repeating: 0, count: Pictures.maxUploadBytes - picture.count)
        #expect(refusal(picture + room + [0]) == .tooLarge)
        #expect(refusal(picture + room) != .tooLarge)
        let folder = try temporaryFolder()
        try makeFile(folder + "/a", picture + room + [0])
        #expect(throws: PictureRefusal.tooLarge) { try Pictures.process(path: folder + "/a") }
    }

    @Test func documentsThatCarryPicturesAreRefused() throws {
        let picture = try SamplePicture(.jpeg, 32, 32).drawn()
        for text in [
            "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "<?xml version='1.0'?><svg/>", "%PDF-1.7\n", "<!doctype html><script>alert(1)</script>", "\n",
            "P6\n1 1\n255\n", "BM", "II*\u{0}", "%!PS", "push graphic-context", "GIMP", "8BPS",
        ] {
            #expect(refusal(Array(text.utf8)) == .notAPicture)
            #expect(refusal(Array(text.utf8) + picture) == .notAPicture)
        }
        #expect(refusal(Array("GIF89a/*".utf8) + picture) == .unsupported(.gif))
    }

    @Test func documentHiddenInPictureDoesNotSurvive() throws {
        var sample = SamplePicture(.jpeg, 64, 64)
        sample.noise = 20
        let page = Array("*/=1;<html><script>alert(1)</script>%PDF-1.7".utf8)
        var bytes = try sample.drawn()
        bytes.insert(contentsOf: [0xFF, 0xFE, 0, UInt8(page.count + 2)] + page, at: 2)
        bytes += page
        let result = try Pictures.process(bytes)
        for picture in [result.picture, result.medium, result.square] {
            #expect(!contains(picture.bytes, "<script"))
            #expect(!contains(picture.bytes, "%PDF"))
        }
    }

    @Test func changedBytesNeverCrash() throws {
        var random = SeededRandom(seed: 7)
        for kind in [PictureKind.jpeg, .png, .webp, .heic] where Pictures.canRead(kind) {
            var sample = SamplePicture(kind, 96, 64)
            sample.hasPlace = true
            sample.noise = 40
            let bytes = try sample.drawn()
            for _ in 0..<120 {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                do {
                    let result = try Pictures.process(changed)
                    #expect(result.square.width == 168)
                } catch { #expect(error is PictureRefusal) }
            }
        }
    }

    @Test func refusalsSpeakBothLanguages() {
        let all: [PictureRefusal] = [.notAPicture, .tooLarge, .tooManyPixels, .damaged, .unsupported(.gif)]
        for refusal in all {
            #expect(!refusal.message.text(.zh).isEmpty)
            #expect(!refusal.message.text(.en).contains("{"))
        }
        #expect(PictureRefusal.tooLarge.message.text(.en).contains("20 MB"))
        #expect(PictureRefusal.unsupported(.gif).name == "unsupported")
        #expect(PictureRefusal.tooLarge.kind == .tooLarge)
    }

    @Test func eightAtOnceComeOutTheSame() async throws {
        var samples: [[UInt8]] = []
        for seed in 1...8 {
            var sample = SamplePicture(seed % 2 == 0 ? .png : .jpeg, 900, 700)
            sample.seed = seed
            sample.noise = 30
            samples.append(try sample.drawn())
        }
        let alone = try samples.map { try Pictures.process($0).picture.bytes }
        let together = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (index, bytes) in samples.enumerated() {
                group.addTask { (index, try Pictures.process(bytes).picture.bytes) }
            }
            var results = [[UInt8]](repeating: [], count: samples.count)
            for try await (index, bytes) in group { results[index] = bytes }
            return results
        }
        #expect(alone == together)
    }
}

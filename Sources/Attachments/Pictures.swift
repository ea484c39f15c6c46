import CVips
import Kernel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a file is by its content. Names and declared types come from outside and say nothing.
package enum PictureKind: String, CaseIterable, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    /// HEIC and HEIF with HEVC inside, as phones write them.
    case heic = "HEIC"
    case avif = "AVIF"
    case gif = "GIF"

    /// The first bytes decide. Nil for everything that is no picture: text, SVG, PDF, archives, films.
    package init?(content: some Collection<UInt8>) {
        let head = Array(content.prefix(Self.headLength))
        if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if head.starts(with: "RIFF".utf8), head.dropFirst(8).starts(with: "WEBP".utf8) {
            self = .webp
        } else if head.starts(with: "GIF87a".utf8) || head.starts(with: "GIF89a".utf8) {
            self = .gif
        } else if head.dropFirst(4).starts(with: "ftyp".utf8), let kind = Self.brand(head) {
            self = kind
        } else {
            return nil
        }
    }

    private static let headLength = 128

    /// The brands of an ISO media file: the major one first, then the compatible ones.
    private static func brand(_ head: [UInt8]) -> PictureKind? {
        let size = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard size >= 16, size <= 4096, size % 4 == 0 else { return nil }
        var brands: [String] = []
        var at = 8
        while at + 4 <= min(size, head.count) {
            if at != 12 { brands.append(String(decoding: head[at..<at + 4], as: UTF8.self)) }
            at += 4
        }
        let still: Set<String> = ["heic", "heix", "heim", "heis"]
        guard let major = brands.first else { return nil }
        if still.contains(major) { return .heic }
        if major == "avif" || major == "avis" { return .avif }
        guard major == "mif1" else { return nil }
        if brands.contains("avif") { return .avif }
        return brands.contains(where: still.contains) ? .heic : nil
    }

    fileprivate var code: Int32? {
        switch self {
        case .jpeg: Int32(RS_VIPS_JPEG)
        case .png: Int32(RS_VIPS_PNG)
        case .webp: Int32(RS_VIPS_WEBP)
        case .heic: Int32(RS_VIPS_HEIC)
        case .avif, .gif: nil
        }
    }
}

/// Why a file is not taken as a picture.
package enum PictureRefusal: Refusal, Equatable {
    case notAPicture
    case tooLarge
    case tooManyPixels
    case damaged
    case unsupported(PictureKind)

    package var field: String? { "photo" }
    package var kind: RefusalKind {
        switch self {
        case .tooLarge: .tooLarge
        case .notAPicture, .unsupported: .unsupported
        case .tooManyPixels, .damaged: .invalid
        }
    }

    package var message: Message {
        switch self {
        case .notAPicture: Phrase.pictureNotAPicture()
        case .tooLarge: Phrase.pictureTooLarge(String(Pictures.maxUploadBytes >> 20))
        case .tooManyPixels: Phrase.pictureTooManyPixels()
        case .damaged: Phrase.pictureDamaged()
        case .unsupported(let kind): Phrase.pictureUnsupported(kind.rawValue)
        }
    }
}

/// A fault on our side, never the sender's.
package enum PictureFault: Error, Sendable, Equatable {
    /// libvips did not start on this machine.
    case notStarted
    /// A JPEG could not be written: memory, most likely.
    case encoding
    /// The file cannot be opened or read; the system's error number.
    case reading(Int32)
}

/// A JPEG without metadata.
package struct PictureRendition: Sendable {
    package let bytes: [UInt8]
    /// In pixels, upright.
    package let width: Int
    package let height: Int
}

package struct ProcessedPicture: Sendable {
    /// What the file was.
    package let kind: PictureKind
    /// The longest side at most `Pictures.longestSide`.
    package let picture: PictureRendition
    /// The longest side at most `Pictures.mediumSide`.
    package let medium: PictureRendition
    /// `Pictures.squareSide` by the same, cropped to what draws the eye.
    package let square: PictureRendition
}

/// Turns what people send into pictures that are safe to keep and to show.
///
/// Guarantees of the result: decoded and encoded anew as JPEG in sRGB, upright, without EXIF, position, XMP, IPTC,
/// comments or profile; nothing of the sent bytes survives but the pixels. The functions block for up to a second or
/// so and need up to a few hundred megabytes for the largest pictures allowed: call them off the cooperative pool and
/// bound how many run at once.
package enum Pictures {
    /// 20 MiB.
    package static let maxUploadBytes = 20 << 20
    package static let maxPixels = 60_000_000
    package static let longestSide = 2560
    package static let mediumSide = 640
    package static let squareSide = 168
    package static let quality = 82

    private static let started: Bool = rs_vips_start() == 0

    /// Starts libvips, which takes some tens of milliseconds: at start rather than with the first picture.
    package static func start() throws(PictureFault) {
        guard started else { throw .notStarted }
    }

    /// The version of libvips.
    package static var libraryVersion: String { String(cString: rs_vips_version()) }

    /// Whether this machine's libvips can read the kind.
    package static func canRead(_ kind: PictureKind) -> Bool {
        guard started, let code = kind.code else { return false }
        return rs_vips_can_read(code) != 0
    }

    /// Throws `PictureRefusal` for what is not taken, `PictureFault` for what went wrong on our side.
    package static func process(_ bytes: [UInt8]) throws -> ProcessedPicture {
        try start()
        guard bytes.count <= maxUploadBytes else { throw PictureRefusal.tooLarge }
        guard let kind = PictureKind(content: bytes) else { throw PictureRefusal.notAPicture }
        guard let code = kind.code, canRead(kind) else { throw PictureRefusal.unsupported(kind) }
        if kind == .webp, let refusal = webpRefusal(bytes) { throw refusal }
        var limits = rs_vips_limits(
            max_pixels: Int64(maxPixels), longest: Int32(longestSide), medium: Int32(mediumSide),
            square: Int32(squareSide), quality: Int32(quality))
        var result = rs_vips_result()
        let status = bytes.withUnsafeBytes { buffer in
            rs_vips_process(buffer.baseAddress, buffer.count, code, &limits, &result)
        }
        switch Int(status) {
        case RS_VIPS_OK: break
        case RS_VIPS_PIXELS: throw PictureRefusal.tooManyPixels
        case RS_VIPS_HEADER, RS_VIPS_DECODE: throw PictureRefusal.damaged
        case RS_VIPS_UNSUPPORTED: throw PictureRefusal.unsupported(kind)
        default: throw PictureFault.encoding
        }
        defer { rs_vips_release(&result) }
        return ProcessedPicture(
            kind: kind, picture: rendition(result.picture), medium: rendition(result.medium),
            square: rendition(result.square))
    }

    /// The same for a file. Reads no more than one byte past the limit.
    package static func process(path: String) throws -> ProcessedPicture {
        try process(try read(path))
    }

    private static func rendition(_ jpeg: rs_vips_jpeg) -> PictureRendition {
        PictureRendition(
            bytes: Array(UnsafeBufferPointer(start: jpeg.bytes, count: jpeg.count)), width: Int(jpeg.width),
            height: Int(jpeg.height))
    }

    /// A WebP that is shorter than its own header says.
    private static func webpRefusal(_ bytes: [UInt8]) -> PictureRefusal? {
        guard bytes.count >= 12 else { return .damaged }
        let size = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        return size + 8 > bytes.count ? .damaged : nil
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw PictureFault.reading(errno) }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw PictureFault.reading(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw PictureFault.reading(EINVAL) }
        guard status.st_size <= maxUploadBytes else { throw PictureRefusal.tooLarge }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer -> Int in
                #if canImport(Glibc)
                    Glibc.read(file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
                #else
                    Darwin.read(file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
                #endif
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw PictureFault.reading(errno) }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }
}

/// What a drawn sample looks like.
package struct SamplePicture: Sendable {
    package var kind = PictureKind.jpeg
    package var width = 640
    package var height = 480
    package var seed = 1
    /// EXIF 1 to 8; 0 writes no EXIF.
    package var orientation = 0
    /// With a GPS position, a camera's name, XMP, IPTC and a profile, as phones write them.
    package var hasPlace = false
    package var isGrey = false
    package var hasAlpha = false
    /// 16 bits a band; PNG only.
    package var isDeep = false
    /// JPEG only.
    package var isCMYK = false
    /// Progressive JPEG or interlaced PNG.
    package var isInterlaced = false
    /// 0 to 100: makes the file as large as photos are.
    package var noise = 0

    package init() {}
    package init(_ kind: PictureKind, _ width: Int, _ height: Int) {
        self.kind = kind
        self.width = width
        self.height = height
    }

    /// A picture whose upper left quarter is red and whose rest slopes in green and blue: for demo data and tests.
    package func drawn() throws -> [UInt8] {
        try Pictures.start()
        guard let code = kind.code else { throw PictureRefusal.unsupported(kind) }
        var shape = rs_vips_sample_shape(
            kind: code, width: Int32(clamping: width), height: Int32(clamping: height),
            seed: Int32(truncatingIfNeeded: seed), orientation: Int32(clamping: orientation),
            place: hasPlace ? 1 : 0, grey: isGrey ? 1 : 0, alpha: hasAlpha ? 1 : 0, deep: isDeep ? 1 : 0,
            cmyk: isCMYK ? 1 : 0, interlaced: isInterlaced ? 1 : 0, noise: Int32(clamping: min(max(noise, 0), 100)))
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard rs_vips_sample(&shape, &bytes, &count) == 0 else { throw PictureFault.encoding }
        defer { rs_vips_sample_release(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

// swift-tools-version: 6.2
import PackageDescription

// One package, one executable, one target for each capability. A target imports only from lower floors
// (docs/where-things-go.md); SwiftPM refuses cycles, so the compiler holds the floors.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
    // The floors are small modules that call each other all the time.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let package = Package(
    name: "redsteward",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "redsteward", targets: ["redsteward"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // System libraries and C shims.
        .systemLibrary(
            name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(
            name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(
            name: "CVipsSystem", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(
            name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CIconv"),
        .target(name: "CVips", dependencies: ["CVipsSystem"]),
        .target(name: "CSQLiteSetup", linkerSettings: [.linkedLibrary("sqlite3")]),

        // Floor 0
        .target(name: "Kernel", swiftSettings: strict),
        // Floor 1
        .target(name: "Tables", dependencies: ["Kernel", "CExpat", "CIconv", "CZlib"], swiftSettings: strict),
        .target(
            name: "Storage",
            dependencies: ["Kernel", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "StorageSQLite",
            dependencies: ["Storage", "CSQLiteSetup", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .target(name: "StoragePostgres", dependencies: ["Storage", "CPostgres"], swiftSettings: strict),
        .target(
            name: "Web",
            dependencies: [
                "Kernel", "CQREncode",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            resources: [.embedInCode("Assets")],
            swiftSettings: strict),
        // Floor 2
        .target(
            name: "Attachments",
            dependencies: [
                "Kernel", "Storage", "Web", "CVips",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        // Floor 3
        .target(
            name: "Directory",
            dependencies: [
                "Kernel", "Storage", "Tables", "Web", "Attachments", "CSodium",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        // Floor 4
        .target(
            name: "Messaging", dependencies: ["Kernel", "Storage", "Web", "Directory"],
            swiftSettings: strict),
        .target(
            name: "Governance", dependencies: ["Kernel", "Storage", "Tables", "Web", "Directory"],
            swiftSettings: strict),
        .target(
            name: "Privacy", dependencies: ["Kernel", "Storage", "Tables", "Web", "Directory"],
            swiftSettings: strict),
        // Floor 5
        .target(
            name: "Cases",
            dependencies: [
                "Kernel", "Storage", "Tables", "Web", "Attachments", "Directory", "Messaging", "Privacy",
            ],
            swiftSettings: strict),
        // Floor 6
        .target(
            name: "Transfers",
            dependencies: [
                "Kernel", "Storage", "Tables", "Web", "Directory", "Messaging", "Governance", "Privacy", "Cases",
            ],
            swiftSettings: strict),
        // Floor 7
        .target(
            name: "Insight", dependencies: ["Kernel", "Storage", "Web", "Directory", "Cases"],
            swiftSettings: strict),
        // Floor 8
        .target(
            name: "Server",
            dependencies: [
                "Kernel", "Storage", "StorageSQLite", "StoragePostgres", "Web", "Attachments", "Directory", "Messaging",
                "Cases", "Governance", "Privacy", "Transfers", "Insight", "Tables", "CZlib",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "redsteward", dependencies: ["Server"], swiftSettings: strict),
        // Writes rows and says which are acknowledged: for the power-cut test.
        .executableTarget(
            name: "durability-writer", dependencies: ["Kernel", "Storage", "StorageSQLite"],
            path: "Sources/DurabilityWriter", swiftSettings: strict),

        // Databases for tests: SQLite in a folder, or PostgreSQL in a schema of their own.
        .target(
            name: "StorageTesting", dependencies: ["Storage", "StorageSQLite", "StoragePostgres"],
            path: "Tests/StorageTesting", swiftSettings: strict),
        .testTarget(name: "KernelTests", dependencies: ["Kernel"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests", dependencies: ["Storage", "StorageSQLite", "StoragePostgres", "StorageTesting"],
            swiftSettings: strict),
        .testTarget(name: "TablesTests", dependencies: ["Tables", "CZlib"], swiftSettings: strict),
        .testTarget(name: "WebTests", dependencies: ["Web"], swiftSettings: strict),
        .testTarget(
            name: "AttachmentsTests",
            dependencies: ["Attachments", "StorageSQLite", .product(name: "Hummingbird", package: "hummingbird")],
            swiftSettings: strict),
        .testTarget(name: "DirectoryTests", dependencies: ["Directory", "StorageSQLite"], swiftSettings: strict),
        .testTarget(
            name: "CasesTests", dependencies: ["Cases", "Privacy", "StorageSQLite", "StorageTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "StorageTesting", "Tables", .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict),
    ]
)

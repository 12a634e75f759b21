// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

// Release is Embedded Swift: no runtime to ship or load, no signal handlers in the host. Debug,
// which the tests build, is full Swift of the same sources. `make` adds what SwiftPM has no words
// for (SONAME, version script, nodelete) and puts the library into build/lib.
let package = Package(
    name: "paysession",
    products: [.library(name: "paysession", type: .dynamic, targets: ["PaySession"])],
    targets: [
        .systemLibrary(name: "CPaySession", path: "Include"),
        .systemLibrary(name: "CPlatform", path: "Sources/CPlatform"),
        .systemLibrary(
            name: "CCurl", path: "Sources/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CJansson", path: "Sources/CJansson", pkgConfig: "jansson",
            providers: [.apt(["libjansson-dev"])]),
        .target(
            name: "PaySession",
            dependencies: ["CPaySession", "CPlatform", "CCurl", "CJansson"],
            swiftSettings: [
                .enableExperimentalFeature("Embedded", .when(configuration: .release))
            ]),
        .testTarget(
            name: "PaySessionTests",
            dependencies: ["PaySession", "CPaySession", "CCurl", "CJansson"]),
    ],
    swiftLanguageModes: [.v6]
)

// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

@Suite struct FileTests {
    /// What a file is read through at once.
    static let chunk = 4096

    static func read(_ path: String, atMost longest: Int) -> [UInt8]? {
        let buffer = Buffer()
        return File.read(path, into: buffer, atMost: longest) ? Array(buffer.bytes) : nil
    }

    @Test func kindsAreTold() throws {
        let folder = try Folder()
        let file = try folder.file("file", "x")
        let fifo = folder.path + "/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        let link = folder.path + "/link"
        #expect(symlink(file, link) == 0)
        let nowhere = folder.path + "/nowhere"
        #expect(symlink(folder.path + "/nothing", nowhere) == 0)
        #expect(File.kind(file) == .regular)
        #expect(File.kind(link) == .regular)
        #expect(File.kind(folder.path) == .directory)
        #expect(File.kind("/dev/null") == .other)
        #expect(File.kind(fifo) == .other)
        #expect(File.kind(nowhere) == nil)
        #expect(File.kind(folder.path + "/nothing") == nil)
        #expect(File.kind(file + "/x") == nil)
        #expect(File.kind("") == nil)
    }

    /// To the byte, and on both sides of what is read at once.
    @Test(arguments: [0, 1, 4095, 4096, 4097, 8192, 10_000, 65_536]) func readsWhatFits(
        _ count: Int
    ) throws {
        let folder = try Folder()
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let file = try folder.file("file", content)
        #expect(FileTests.read(file, atMost: count) == content)
        #expect(FileTests.read(file, atMost: count + 1) == content)
        if count > 0 { #expect(FileTests.read(file, atMost: count - 1) == nil) }
    }

    /// One byte less, more or other, wherever it stands, is not the same.
    @Test(arguments: [0, 1, 4095, 4096, 4097, 8192]) func comparesToTheByte(_ count: Int) throws {
        let folder = try Folder()
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let file = try folder.file("file", content)
        func holds(_ bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBufferPointer { File.isRegular(file, holding: $0) }
        }
        #expect(holds(content))
        #expect(!holds(content + [0]))
        if count > 0 { #expect(!holds(content.dropLast())) }
        for index in [0, count / 2, count - 1] where index >= 0 && index < count {
            var other = content
            other[index] ^= 1
            #expect(!holds(other))
        }
    }

    /// What somebody wrote into a pipe is there for whoever reads it next.
    @Test func comparesRegularFilesAlone() throws {
        let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        let folder = try Folder()
        for path in [folder.path, folder.path + "/nothing", "", "/dev/null"] {
            #expect(!File.isRegular(path, holding: empty))
        }
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("x".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        Array("x".utf8).withUnsafeBufferPointer { #expect(!File.isRegular(path, holding: $0)) }
        #expect(FileTests.read(path, atMost: 1) == Array("x".utf8))
    }

    /// What the buffer has already stays before it, and counts.
    @Test func readsBehindWhatIsThere() throws {
        let folder = try Folder()
        let file = try folder.file("file", "def")
        let buffer = Buffer("abc")
        #expect(File.read(file, into: buffer, atMost: 6))
        #expect(buffer.text == "abcdef")
        #expect(!File.read(file, into: Buffer("abc"), atMost: 5))
    }

    @Test func whatCannotBeReadIsNotRead() throws {
        let folder = try Folder()
        for path in [folder.path, folder.path + "/nothing", "", "/dev/zero"] {
            #expect(FileTests.read(path, atMost: 10_000) == nil, "\(path)")
        }
        #expect(FileTests.read("/dev/null", atMost: 0) == [])
    }

    /// Each byte is the same to it, the zero byte and those above 0x7F among them.
    @Test func allBytesAreBytes() throws {
        let folder = try Folder()
        let file = try folder.file("file", Array(UInt8.min...UInt8.max) + Array("end".utf8))
        #expect(FileTests.read(file, atMost: 259)?.count == 259)
    }
}

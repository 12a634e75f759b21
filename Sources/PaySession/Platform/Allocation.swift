// SPDX-License-Identifier: MIT
import CPlatform

// What Embedded Swift makes its objects with. The linker puts these in the place of posix_memalign
// and free (`--wrap`, see the Makefile).
//
// Embedded Swift traps when an object cannot be made, and in a shared library a trap is the host's
// end. So objects come from a reserve when malloc has nothing left: it is there from the beginning,
// and a call that began ends with a result. What is large lives in a Buffer, which fails softly.
//
// The bound: 256 KiB for what all calls of the process have under way at the moment when malloc
// begins to fail; each has a few KiB. Once a quarter is used, no new call begins:
// SESSION_OUT_OF_MEMORY. A single text of a document that is larger than the reserve is a Swift
// text too: there it is asked whether there is room before the document is read, and only memory
// that goes between the two still traps.

/// posix_memalign costs twice as much as malloc and gives no more where malloc's own alignment is
/// enough, as it always is here.
@_cdecl("__wrap_posix_memalign")
func allocate(
    _ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
    let block = alignment <= 16 ? malloc(size) : alignedBlock(alignment, size)
    guard let block = block ?? cplatform_reserve_take(size) else { return ENOMEM }
    memory.pointee = block
    return 0
}

/// C11 wants a multiple of the alignment, which is a power of two. Glibc takes any size, others
/// look.
private func alignedBlock(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    // A size below zero is one of more than half the address space.
    let (padded, overflows) = size.addingReportingOverflow(alignment &- 1)
    return size < 0 || overflows ? nil : aligned_alloc(alignment, padded & ~(alignment &- 1))
}

@_cdecl("__wrap_free")
func release(_ block: UnsafeMutableRawPointer?) {
    if cplatform_reserve_give(block) == 0 { cplatform_free(block) }
}

/// Never inlined: each object file that knew the reserve would bring one.
enum Memory {
    /// So little that no new call may begin.
    static var isLow: Bool {
        @inline(never) get { cplatform_reserve_is_low() != 0 }
    }

    /// Given back with `free`.
    @inline(never)
    static func fromReserve(_ size: Int) -> UnsafeMutableRawPointer? {
        cplatform_reserve_take(size)
    }

    /// Whether Swift texts of so many bytes in all can be made. Little needs no asking.
    @inline(never)
    static func hasRoom(_ count: Int) -> Bool {
        count < 16384 || cplatform_has_room(count) != 0
    }
}

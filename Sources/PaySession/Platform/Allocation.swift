// SPDX-License-Identifier: MIT
import CPlatform

/// What Embedded Swift allocates its objects with: the linker puts this in the place of
/// posix_memalign (`--wrap`, see the Makefile), which costs twice as much as malloc and gives no
/// more where malloc's own alignment is enough, as it always is here.
@_cdecl("__wrap_posix_memalign")
func allocate(
    _ memory: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
    let block = alignment <= 16 ? malloc(size) : aligned_alloc(alignment, size)
    guard let block else { return ENOMEM }
    memory.pointee = block
    return 0
}

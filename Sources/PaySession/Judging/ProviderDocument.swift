// SPDX-License-Identifier: MIT

extension Provider {
    /// A document of its own, or why what came is none.
    func document(_ bytes: Buffer) throws(Failure) -> Document {
        do {
            return try Document.parse(bytes)
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            let failure = Failure(
                error == .tooMany ? .tooLarge : .malformed,
                sentence("{}: the answer is {}", name, error.words.text))
            failure.isRetryable = error.mayPass
            throw failure
        }
    }
}

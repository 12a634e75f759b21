// SPDX-License-Identifier: MIT

/// A text under a name that is anybody's, of which there may be several: a header, a parameter. A
/// class, for lists of pairs of texts take more code than lists of objects.
final class NamedText {
    let name: String
    let text: String

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }
}

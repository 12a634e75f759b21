# SPDX-License-Identifier: MIT
"""The site for users (`make docs`): made from what is there, and read from a disk without a server or a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from posixpath import normpath, relpath

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generated  # noqa: E402

project = "libpaysession"
version = release = (HERE.parent / "VERSION").read_text("utf-8").strip()
html_title = f"{project} {release}"
language = "en"

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["requirements.txt"]
# A quotation mark in the header is JSON's.
smartquotes = False
# Text of a README has no `<?php` in front.
highlight_options = {"php": {"startinline": True}}
pygments_style, pygments_dark_style = "friendly", "native"

html_theme = "furo"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_copyright = False
# A browser lets a page that comes from a disk fetch no other.
html_show_search_summary = False
html_search_scorer = str(HERE / "search.js")

#: Where a file of the repository is on the site. Whatever else a README links to can be downloaded.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "Include/paysession.h": "header.rst",
    "Include/paysession.schema.json": "keys.rst",
    "Sources/paysession-cli/paysession.1": "paysession-1.rst",
    "Tests/PROOF.md": "proof.md",
    "Tests/Sandbox/README.md": "sandbox.md",
    "bindings/php/README.md": "php.md",
    "bindings/python/README.md": "python.md",
    "examples/bash/README.md": "examples.md#a-bash-builtin",
    "examples/eshop-php/README.md": "examples.md#a-shop-in-plain-php",
    "examples/eshop-python/README.md": "examples.md#a-shop-in-flask",
    "examples/python/README.md": "examples.md#examples-in-python",
    "examples/spark/README.md": "examples.md#a-nights-reconciliation-on-spark",
    "examples/sqlite/README.md": "examples.md#an-sqlite-extension",
}


def relinked(text: str, folder: str) -> str:
    """The links of a README that lies in this folder of the repository, as they are said from a page of docs."""
    def link(found: re.Match[str]) -> str:
        path = normpath(f"{folder}/{found[2]}")
        return f"{found[1]}{PAGES.get(path, relpath(path, 'docs'))}{found[3]}"

    return re.sub(r"(\]\()(?!\w+:)([^)#\s]+)((?:#[^)]*)?\))", link, text)


def include(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """What a page includes is said for its own place."""
    if path.suffix == ".md":
        content[0] = relinked(content[0], normpath(f"docs/{path.parent}"))


def source(app: Sphinx, page: str, content: list[str]) -> None:
    if page in generated.PAGES:
        content[0] = generated.PAGES[page]()


def setup(app: Sphinx) -> None:
    app.connect("include-read", include)
    app.connect("source-read", source)

# SPDX-License-Identifier: MIT
"""Pages made from what says it already: the header, the schema of the answers, the manuals. Each function gives the
page as reStructuredText, which has directives for C."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
HEADER = REPOSITORY / "Include" / "paysession.h"
FUNCTIONS = set(re.findall(r"^[a-z][\w ]+?\**(session_\w+)\(", HEADER.read_text("utf-8"), re.M))
RESULTS = set(re.findall(r"^    (SESSION_\w+) =", HEADER.read_text("utf-8"), re.M))
SCHEMA = REPOSITORY / "Include" / "paysession.schema.json"

#: Nothing, where there must be something.
BLANK = "\\ "


def indented(text: str, by: int = 4) -> str:
    return re.sub(r"^(?=.)", " " * by, text, flags=re.M)


def titled(title: str, line: str) -> str:
    return f"{title}\n{line * len(title)}\n\n"


# ---- The header ---------------------------------------------------------------------------------


def escaped(text: str) -> str:
    return re.sub(r"([\\*`|_]|:(?=//))", r"\\\1", text)


def words(text: str) -> str:
    """Prose of a comment: functions and results become links, everything else stands for itself."""
    said = ""
    for piece in re.split(r"(`[^`]+`|\b(?:session|SESSION)_\w+\b(?:\(\))?)", text):
        name = piece.removesuffix("()")
        if piece.startswith("`"):
            said += f"\\ `{piece}`\\ "
        elif name in FUNCTIONS:
            said += f"\\ :c:func:`{name}`\\ "
        elif name in RESULTS:
            said += f"\\ :c:enumerator:`{name}`\\ "
        else:
            said += escaped(piece)
    return said


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def term(text: str) -> str:
    return words(text) if text.startswith("SESSION_") else f"``{text}``"


def columns(rows: list[list[str]]) -> str:
    """What is set in columns by hand: of two a list of terms, of three a table whose first row are its titles."""
    if max(map(len, rows)) < 3:
        return "".join(f"{term(row[0])}\n    {words(' '.join(row[1:])) or BLANK}\n" for row in rows) + "\n"
    table = ".. list-table::\n    :header-rows: 1\n\n"
    for number, row in enumerate(rows):
        first, middle, last = row if len(row) == 3 else (row[0], "", row[-1])
        table += f"    * - {term(first) if number else first}\n      - {words(middle)}\n      - {words(last)}\n"
    return table + "\n"


def split(line: str, after: str, in_columns: bool) -> list[str]:
    """The cells of a line: two blanks part them. A long name takes the next line, or one blank, for its text."""
    cells = re.split(r" {2,}", line.strip())
    if len(cells) == 1 and in_columns and re.match(r"[a-z]+_[a-z_]+ ", cells[0]):
        cells = cells[0].split(" ", 1)
    if len(cells) == 1 and re.fullmatch(r"[a-z_]+(, [a-z_]+)+", cells[0]) and indent(after) > indent(line) + 8:
        cells.append("")
    if len(cells) == 1 and in_columns and cells[0].startswith("SESSION_"):
        cells.append("")
    return [cells[0], *(cell.removeprefix("- ") for cell in cells[1:])]


def prose(comment: str) -> str:
    """A comment as it is set: paragraphs, columns, and as code what is indented by four."""
    said = ""
    for paragraph in re.split(r"\n\s*\n", comment.strip("\n")):
        lines = paragraph.split("\n")
        if all(indent(line) >= 4 for line in lines):
            said += f".. code-block:: {'c' if '(' in paragraph else 'text'}\n\n{paragraph}\n\n"
            continue
        parts: list[list[list[str]]] = []  # of lines that follow each other, each as its cells
        at = 0
        for line, after in zip(lines, [*lines[1:], ""]):
            last = parts[-1] if parts else None
            in_columns = last is not None and len(last[-1]) > 1
            cells = split(line, after, in_columns)
            if last and in_columns and indent(line) > at + 2:
                last[-1][-1] = f"{last[-1][-1]} {line.strip()}".strip()
            elif last and in_columns == (len(cells) > 1):
                last.append(cells)
            else:
                parts.append([cells])
                at = indent(line)
        for part in parts:
            said += columns(part) if len(part[0]) > 1 else words(" ".join(row[0] for row in part)) + "\n\n"
    return said


def bare(comment: str) -> str:
    """The text of a C comment, without its stars."""
    return re.sub(r"^ ?\*(?: |$)|^ {3}(?=\S)", "", comment.strip(" "), flags=re.M).strip()


def enumerators(body: str) -> Iterator[str]:
    for name, number, comment in re.findall(r"(SESSION_\w+) = (\d+),?\s*(?:/\*(.*?)\*/)?", body, re.S):
        yield f".. c:enumerator:: {name} = {number}\n\n    {words(' '.join(comment.split()))}\n\n"


def declared(comment: str, declaration: str) -> str:
    """One directive: what is declared, and its comment without the name in front."""
    said = prose(re.sub(r"^\*answer:", r"\n\g<0>", re.sub(r"^\w+(?:\(\))? - ", "", comment), flags=re.M))
    if found := re.match(r"#ifdef.*\n#define (\w+)", declaration):
        return f".. c:macro:: {found[1]}\n\n{indented(said)}"
    declaration = " ".join(declaration.replace("PAYSESSION_MUST_USE", "").split()).rstrip(";")
    if found := re.match(r"typedef enum (\w+)", declaration):
        return f".. c:enum:: {found[1]}\n\n{indented(said)}"
    if found := re.match(r"typedef struct (\w+)", declaration):
        return f".. c:type:: {found[1]}\n\n{indented(said)}"
    return f".. c:function:: {declaration}\n\n{indented(said)}"


def header() -> str:
    top, _, rest = HEADER.read_text("utf-8").partition("#ifndef PAYSESSION_H")
    manual = bare(re.findall(r"/\*(.*?)\*/", top, re.S)[-1])
    said = manual.partition(" - ")[2]
    page = titled("paysession.h", "=") + "Made from :download:`paysession.h <../Include/paysession.h>`.\n\n"
    for piece in re.split(r"\n(?=[A-Z]{3,}[A-Z ]*(?:[,:] .*)?\n)", said[:1].upper() + said[1:]):
        if found := re.match(r"([A-Z]{3}[A-Z ]*?)(?:[,:] (.*))?\n", piece):
            piece = piece[found.end():]
            page += titled(found[1].capitalize(), "-") + prose(found[2] or "")
            if "RULES" in found[1]:  # each begins with the word that it is about
                page += re.sub(r"^([A-Z][\w ]+|libcurl)\. ", r"**\1.** ", prose(piece), flags=re.M)
            else:
                page += prose(piece)
        else:
            page += prose(piece)
    page += titled("Macros", "-")
    _, _, rest = rest.partition('extern "C" {')
    forms = [r"typedef enum \w+ \{.*?\} \w+;", r"typedef struct [^;]*;", r"#ifdef.*?\n#define \w+",
             r"(?:PAYSESSION_MUST_USE\s+)?[a-z][^;#/]*\);"]
    for comment, after in re.findall(rf"/\*(.*?)\*/\n*({'|'.join(forms)})?", rest, re.S):
        if section := re.match(r" -{4} (.*?) -+ ", comment):
            page += titled(section[1], "-")
        elif after:
            page += declared(bare(comment), after)
            page += indented("".join(enumerators(after)) if "enum" in after else "")
    return page


# ---- The schema ---------------------------------------------------------------------------------


def kinds(schema: dict[str, Any]) -> str:
    """What a value may be, in a word or two."""
    if "anyOf" in schema:
        return " or ".join(kinds(each) for each in schema["anyOf"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "timestamp" if name == "timestamp" else "object"
    if "enum" in schema:
        return "word, or null" if None in schema["enum"] else "word"
    told = schema.get("type", "any")
    names = [told] if isinstance(told, str) else told
    spelt = {"string": "text", "array": "list"}
    return " or ".join(spelt.get(name, name) for name in names)


def keys(schema: dict[str, Any], whole: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, type and description of each key below, in their order."""
    for name, value in schema.get("properties", {}).items():
        here = f"{path}{name}"
        forms = [each for each in value.get("anyOf", [value]) if each.get("type") != "null"]
        objects = [whole["$defs"][form["$ref"].rpartition("/")[2]] if "$ref" in form else form for form in forms]
        description = value.get("description") or next(
            (each["description"] for each in objects if "description" in each), "")
        for each in objects:
            if "enum" in each:
                description += " One of: " + ", ".join(f"``{word}``" for word in each["enum"] if word) + "."
        yield here, kinds(value), description.strip()
        for each in objects:
            yield from keys(each, whole, f"{here}.")
            for inner, step in ((each.get("items"), "[]"), (each.get("additionalProperties"), ".*")):
                if isinstance(inner, dict):
                    if "$ref" in inner:
                        inner = whole["$defs"][inner["$ref"].rpartition("/")[2]]
                    yield from keys(inner, whole, f"{here}{step}.")


def row(key: tuple[str, str, str]) -> str:
    path, kind, description = key
    text = "".join(piece if piece.startswith("``") else escaped(piece) for piece in re.split(r"(``.*?``)", description))
    anchor = "key-" + re.sub("[^a-z0-9]+", "-", path).strip("-")
    return (f"    * - .. index:: ! single: {path}\n            :name: {anchor}\n\n        ``{path}``\n"
            f"      - {kind}\n      - {text}\n")


def schema() -> str:
    whole = json.loads(SCHEMA.read_text("utf-8"))
    page = titled("Keys of an answer", "=")
    page += (f"{whole['description']} Made from "
             ":download:`paysession.schema.json <../Include/paysession.schema.json>`, which a validator takes. ``[]`` "
             "stands for each of a list, ``*`` for a name that is data.\n\n")
    found = list(keys(whole, whole))
    for group in ["", *whole["properties"]]:
        inside = [each for each in found if (each[0].startswith(f"{group}.") if group else "." not in each[0])]
        if inside:
            page += titled(group or "The answer", "-")
            page += ".. list-table::\n    :header-rows: 1\n    :class: keys\n\n"
            page += "    * - key\n      - type\n      - meaning\n"
            page += "".join(map(row, inside)) + "\n"
    return page


# ---- The manuals --------------------------------------------------------------------------------


def manual(path: Path) -> str:
    """A page of the manual by mandoc: its sections are the page's, and what stands in them is its HTML."""
    made = subprocess.run(["mandoc", "-Thtml", "-Ofragment", path], check=True, capture_output=True, text=True).stdout
    page = titled(re.sub(r"\.(\d)$", r"(\1)", path.name), "=")
    title_of = r'<section class="Sh">\n<h1 [^>]*>(?:<a [^>]*>)?(.*?)(?:</a>)?</h1>\n'
    for title, body in re.findall(title_of + r'(.*?)</section>\n(?=<section class="Sh">|</div>)', made, re.S):
        body = re.sub(r"(</?h)2\b", r"\g<1>3", body)
        page += titled(" ".join(title.split()).capitalize(), "-") + f".. raw:: html\n\n{indented(body)}\n\n"
    return page


PAGES: dict[str, Callable[[], str]] = {
    "header": header,
    "keys": schema,
    "paysession-1": lambda: manual(REPOSITORY / "Sources" / "paysession-cli" / "paysession.1"),
    "paysession-config-5": lambda: manual(REPOSITORY / "build" / "man" / "paysession-config.5"),
}

# SPDX-License-Identifier: MIT
"""The page of figures is what its figures make of it, and they are of commits that others can look at."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import record
import report
from mutants import MUTANTS, REPOSITORY
from record import Figures, Kept

KEPT = record.read_all(report.FIGURES)
PAGE = report.TARGET.read_text("utf-8")


# ---- The page, as it is --------------------------------------------------------------------------

def test_the_page_is_generated() -> None:
    assert PAGE == report.page()


def test_it_begins_with_five_lines_of_which_the_last_is_what_is_not_covered() -> None:
    title, first, second = PAGE.split("\n\n")[:3]
    assert title == "# What was tried"
    names = re.findall(r"^- \*\*(.+):\*\* \S", first, re.M)
    assert len(names) == 5 and names[-1] == "Not covered"
    assert not second.startswith("- ")
    assert "live account" in first.rpartition("- **")[2]


def test_each_target_has_one_file_and_each_file_a_section() -> None:
    assert {file.stem for file in report.FIGURES.glob("*.json")} <= {section.target for section in report.SECTIONS}
    assert all(file.with_suffix(".json").exists() for file in report.FIGURES.glob("*.png"))


def test_each_figure_is_of_a_clean_commit_that_this_one_builds_on() -> None:
    commits = {figures.commit for parts in KEPT.values() for figures in parts.values()}
    assert commits and all(re.fullmatch(r"[0-9a-f]{7,40}", commit) for commit in commits)
    if record.git("rev-parse", "--is-shallow-repository") != "false":
        pytest.skip("no clone with all commits")
    assert [commit for commit in commits if record.commits_since(commit) is None] == []


def test_each_finding_is_kept_by_a_test() -> None:
    for file, test in report.FOUND.values():
        assert f"def {test}(" in (REPOSITORY / file).read_text("utf-8")
    found = {finding for figures in KEPT["fuzz"].values() for finding in figures.figures["findings"]}
    assert found <= report.FOUND.keys()
    for name in re.findall(r"(?:crash|leak|timeout|oom)-[0-9a-f]{40}", PAGE):
        (link,) = set(re.findall(rf"\[{name}\]\((.+?)\)", PAGE))
        assert (report.TARGET.parent / link).is_file()


def test_links_go_somewhere() -> None:
    heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", PAGE, re.M)}
    links = re.findall(r"\]\((.+?)\)", PAGE)
    assert len(links) > len(report.SECTIONS)
    for link in links:
        assert link[1:] in heads if link.startswith("#") else (report.TARGET.parent / link).is_file(), link


def test_checksums_are_whole() -> None:
    rows = KEPT["rebuild"][""].figures
    assert [len(row["sha256"]) for row in rows] == [64, 64]
    assert all(f"`{row['sha256']}`" in PAGE for row in rows) and "…" not in PAGE


def test_it_is_written_for_people_who_were_not_there() -> None:
    prose = " ".join(PAGE.split())
    for mutant in MUTANTS:
        prose = prose.replace(mutant.about, "")
    assert not re.search(r"\b(told|not well|dirty|mended|elsewhere)\b", re.sub(r"`[^`]+`|\[[^]]+\]", "", prose))


def test_each_break_has_a_line_to_break() -> None:
    assert [one.about for one in MUTANTS
            if one.old not in (REPOSITORY / one.file).read_text("utf-8")] == []


# ---- The page, of other figures ------------------------------------------------------------------

def with_row(target: str, part: str, **changes: Any) -> Kept:
    """The figures there are, one of them changed."""
    figures = KEPT[target][part]
    return {**KEPT, target: {**KEPT[target], part: figures._replace(figures={**figures.figures, **changes})}}


def summary_of(kept: Kept) -> list[str]:
    return [" ".join(line.split()) for line in report.page(kept).split("\n\n")[1].split("\n- ")]


def test_without_figures_it_says_so() -> None:
    page = report.page({})
    for section in report.SECTIONS:
        assert f"Nobody has run `{section.command}` on a clean commit yet." in " ".join(page.split())
        assert f"`{section.command}` has no run of a clean commit" in summary_of({})[-1]


def test_a_break_that_nothing_noticed_is_named() -> None:
    about, other = list(KEPT["mutants"])[:2]
    before = summary_of(KEPT)
    for caught_by in (None, "the compiler"):
        after = summary_of(with_row("mutants", about, caught_by=caught_by))
        assert f"the break “{about}” went unnoticed" in after[-1] and about not in before[-1]
        assert after[3] != before[3]
    without = {**KEPT, "mutants": {about: KEPT["mutants"][about]}}
    assert f"{len(MUTANTS) - 1} of {len(MUTANTS)} breaks are not tried yet" in summary_of(without)[-1]
    assert other in report.page(without).rpartition("Not tried yet: ")[2]


def test_a_finding_without_a_test_stands_out() -> None:
    page = report.page(with_row("fuzz", "stream", findings=["crash-0"]))
    assert "| **crash-0, which no test keeps yet** |" in page
    assert "with 1 finding." in summary_of(with_row("fuzz", "stream", findings=["crash-0"]))[1]


def test_figures_of_other_sources_are_named() -> None:
    whole = KEPT["soak"][""]
    now = KEPT["rebuild"][""].sources
    assert now and re.fullmatch("[0-9a-f]{12}", now)
    for sources, is_other in ((now, False), ("0" * 12, True), (None, True)):
        kept = {**KEPT, "soak": {"": whole._replace(sources=sources)}}
        before = f"measured on other sources than the build of section {report.BUILT}: "
        named = re.findall(rf"{before}([^;]+)", summary_of(kept)[-1])
        assert ("`make soak`" in named[0] if named else False) is is_other
        (row,) = [line for line in report.page(kept).splitlines() if line.startswith("| [7. Soak]")]
        assert row.endswith("| others |" if is_other else "| the same |")


# ---- Taking figures over -------------------------------------------------------------------------

class Repository:
    """A small one, with what runs have left and what is kept."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.left, self.kept = place / "build" / "proof", place / "Tests" / "Proof" / "figures"
        self.git("init", "-q")
        (place / ".gitignore").write_text("/build/\n")
        for folder in (self.left, self.kept, place / "Sources"):
            folder.mkdir(parents=True)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *who, *arguments], cwd=self.place, check=True, capture_output=True,
                              text=True).stdout.strip()

    def commit(self, content: str) -> str:
        (self.place / "Sources" / "a.swift").write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", content)
        return record.commit(self.place)

    def leave(self, name: str, commit: str, figures: Any, *, kept: bool = False) -> None:
        file = (self.kept if kept else self.left) / name
        file.write_text(json.dumps({"commit": commit, "date": "2026-01-02", "figures": figures}))

    def take(self, **current: set[str]) -> tuple[list[str], Kept]:
        kept_out = record.take(self.left, self.kept, current, self.place)
        return kept_out, record.read_all(self.kept)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_tree_with_changes_is_dirty_but_for_what_the_figures_make(repository: Repository) -> None:
    clean = repository.commit("one")
    assert re.fullmatch("[0-9a-f]{7,}", clean)
    (repository.kept / "soak.json").write_text("{}")
    (repository.place / "Tests" / "PROOF.md").write_text("# What was tried\n")
    assert record.commit(repository.place) == clean
    (repository.place / "Sources" / "new.swift").touch()  # which SwiftPM would compile
    assert record.commit(repository.place) == f"{clean}-dirty"


def test_what_changed_during_a_run_is_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for started, now, written in (("a", "a", "a"), ("a", "a-dirty", "a-dirty"), ("a-dirty", "a", "a-dirty"),
                                  ("a", "b", "a-dirty"), ("a-dirty", "a-dirty", "a-dirty")):
        monkeypatch.setattr(record, "STARTED", started)
        monkeypatch.setattr(record, "commit", lambda: now)
        record.write(tmp_path / "soak.json", {})
        assert json.loads((tmp_path / "soak.json").read_bytes())["commit"] == written


def test_figures_of_a_dirty_tree_are_refused(repository: Repository) -> None:
    clean = repository.commit("one")
    repository.leave("soak.json", clean, 1, kept=True)
    repository.leave("soak.json", f"{clean}-dirty", 2)
    (repository.left / "soak.png").touch()
    kept_out, kept = repository.take()
    assert len(kept_out) == 1 and kept_out[0].startswith(f"proof/soak.json: measured at {clean}-dirty")
    assert kept["soak"][""].figures == 1
    assert not (repository.kept / "soak.png").exists()


def test_what_names_a_commit_that_is_no_ancestor_goes(repository: Repository) -> None:
    repository.commit("one")
    aside = repository.commit("aside")
    repository.git("reset", "-q", "--hard", "HEAD~")
    repository.commit("two")
    repository.leave("soak.json", aside, 1, kept=True)
    (repository.kept / "soak.png").touch()
    repository.leave("attack.json", aside, 1)
    repository.leave("allocations.json", "no commit", 1)
    kept_out, kept = repository.take()
    assert kept == {} and list(repository.kept.iterdir()) == []
    assert [each.partition(":")[0] for each in kept_out] == [
        "figures/soak.json", "proof/allocations.json", "proof/attack.json"]


def test_the_latest_run_of_each_part_is_kept(repository: Repository) -> None:
    one, two, three = map(repository.commit, ("one", "two", "one"))
    sources = {name: repository.git("rev-parse", f"{name}:Sources")[:12] for name in (one, two, three)}
    assert sources[one] == sources[three] != sources[two]

    def row(about: str, by: str) -> dict[str, str]:
        return {"about": about, "caught_by": by}

    repository.leave("mutants-1.json", one, [row("a", "1"), row("b", "1"), row("gone", "1")], kept=True)
    repository.leave("mutants-2.json", three, [row("c", "3")], kept=True)
    repository.leave("mutants-x.json", two, [row("b", "2"), row("c", "2")])
    repository.leave("soak.json", two, "early", kept=True)
    repository.leave("soak.json", two, "late")
    (repository.left / "soak.png").write_text("late")
    for _ in range(2):  # what is kept can be taken over again
        kept_out, kept = repository.take(mutants={"a", "b", "c"})
        assert kept_out == []
        assert {file.name for file in repository.kept.iterdir()} == {"mutants.json", "soak.json", "soak.png"}
        assert kept["mutants"] == {
            about: Figures(commit, "2026-01-02", row(about, by), sources[commit])
            for about, commit, by in (("a", one, "1"), ("b", two, "2"), ("c", three, "3"))}
        assert kept["soak"] == {"": Figures(two, "2026-01-02", "late", sources[two])}
        assert (repository.kept / "soak.png").read_text() == "late"


def test_nothing_is_measured_where_something_is_not_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "tests", lambda *_: pytest.fail("it began"))
    monkeypatch.setattr(record, "STARTED", "abcdefg-dirty")
    with pytest.raises(SystemExit, match="abcdefg-dirty.*everything is committed"):
        report.take()

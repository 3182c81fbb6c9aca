"""The documentation: every page is found, every link leads somewhere, every named test is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("client/*.md")]
)
_FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def links_of(page: Path) -> list[str]:
    """Targets of links and pictures, without what is only an example."""
    return _LINK.findall(_CODE.sub("", _FENCED.sub("", page.read_text())))


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """Names of headings, as the sites that show them make them."""
    found: list[str] = []
    for line in _FENCED.sub("", page.read_text()).splitlines():
        if heading := re.match(r"#+ +(.*)", line):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            found.append(f"{name}-{found.count(name)}" if name in found else name)
    return frozenset(found)


@of_each_page
def test_no_link_is_dead(page: Path) -> None:
    dead = []
    for link in links_of(page):
        if re.match(r"(https?|mailto):", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            dead.append(link)

    assert not dead


def test_every_page_is_linked_from_the_index() -> None:
    index = DOCS / "README.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links_of(index)}

    assert sorted(set(DOCS.rglob("*.md")) - linked - {index}) == []


def test_each_person_has_a_page_with_pictures_and_keys() -> None:
    pages = {page.stem: page for page in (DOCS / "people").glob("*.md")}

    assert set(pages) == {"admin", "approver", "integration", "marketer", "support-agent"}
    for name, page in pages.items():
        if name != "integration":  # a program looks at nothing
            assert "](../screenshots/" in page.read_text(), name
            assert "## Keys" in page.read_text(), name


def test_security_names_tests_that_are_there() -> None:
    text = (DOCS / "security.md").read_text()
    named = _TEST.findall(text)

    missing = [
        f"{path}::{name}" for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text()
    ]  # fmt: skip
    assert missing == []
    assert len(named) > 60


def test_each_claim_of_security_names_its_test() -> None:
    rows = [
        line for line in (DOCS / "security.md").read_text().splitlines()
        if line.startswith("| ") and line != "| claim | held by |"
    ]  # fmt: skip

    assert [row for row in rows if not _TEST.search(row)] == []

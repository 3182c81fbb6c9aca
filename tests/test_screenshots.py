"""Each main page has its two pictures, and none is left of a page that is gone."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pages import MAIN_PAGES

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
NAMES = {f"{one.name}{size}.png" for one in MAIN_PAGES for size in ("", "-375")}


def test_every_main_page_has_its_pictures() -> None:
    assert {path.name for path in FOLDER.glob("*.png")} == NAMES


def test_the_list_of_pictures_names_each() -> None:
    told = (FOLDER / "README.md").read_text()

    assert [name for name in sorted(NAMES) if f"]({name})" not in told] == []
    assert [one.shows for one in MAIN_PAGES if one.shows not in told] == []

"""Forms of operator pages say which workspace they belong to, or the page refuses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[1] / "templates"
# Pages of a person rather than of a workspace live elsewhere: log-in, account, the first start.
FOLDERS = ("attribution", "campaigns", "mlops", "experiments", "outreach", "inbox")
FORM = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL)


def forms() -> list[tuple[str, str]]:
    found = []
    for folder in FOLDERS:
        for path in sorted((TEMPLATES / folder).rglob("*.html")):
            name = path.relative_to(TEMPLATES).as_posix()
            found += [(name, form) for form in FORM.findall(path.read_text())]
    return found


def says_workspace(form: str) -> bool:
    included = re.findall(r'{% include "([^"]+)"', form)
    texts = [form, *((TEMPLATES / name).read_text() for name in included)]
    return any('name="workspace"' in text for text in texts)


def test_there_are_forms() -> None:
    assert len(forms()) > 15


@pytest.mark.parametrize("place", sorted({name for name, _ in forms()}))
def test_forms_say_their_workspace(place: str) -> None:
    # What HTMX sends carries it in a header that the page sets once.
    silent = [form for name, form in forms() if name == place and "hx-post" not in form]
    assert [form[:200] for form in silent if not says_workspace(form)] == []

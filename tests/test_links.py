"""Every address that a page names leads somewhere, to a place that its reader may go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import Resolver404, ResolverMatch, resolve

from tests.e2e.every_page import NOT_OPENED, opened
from tests.page_house import House, house_of
from tests.page_table import NONE, PAGES, PERSON, PUBLIC
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.roles import Role

# Attributes with an address, and how a browser asks for it.
ASKED = {"href": "get", "src": "get", "hx-get": "get", "hx-post": "post", "formaction": "post"}
ASSETS = {"script", "link", "img", "iframe", "source", "video", "audio", "use", "image"}
ELSEWHERE = ("mailto:", "tel:", "data:", "about:", "blob:")


@dataclass(frozen=True)
class Address:
    """What one attribute of one element names."""

    tag: str
    method: str
    value: str


class Page(HTMLParser):
    """The addresses of a page, and its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[Address] = set()
        self.ids: set[str] = set()
        self._forms: dict[str, Address] = {}  # by id, of those that something on the page sends
        self._sent: set[str] = set()
        self._inside = ""
        self.feed(text)
        self.found |= {form for name, form in self._forms.items() if name in self._sent}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names."""
        given = {name: value for name, value in attrs if value is not None}
        if "id" in given:
            self.ids.add(given["id"])
        for name, method in ASKED.items():
            if name in given:
                self.found.add(Address(tag, method, given[name]))
        if tag == "form":
            self._inside = given.get("id", f"form {len(self._forms)}")
            method = given.get("method", "get").lower()
            if method != "dialog" and not given.keys() & {"hx-post", "hx-get"}:
                self._forms[self._inside] = Address(tag, method, given.get("action", ""))
        # One that only shows what is set has nothing to send it by.
        if (
            tag == "button"
            and given.get("type", "submit") == "submit"
            and "formaction" not in given
        ):
            self._sent.add(given.get("form", self._inside))

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._inside = ""


@dataclass
class Reader:
    """Somebody who follows what pages name, each once."""

    role: Role
    client: Client
    follows: bool = True  # also asks for what they name
    answers: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)
    known: dict[Address, str] = field(default_factory=dict)

    def may(self, needed: str) -> bool:
        """Whether a page's lowest role is at most this one."""
        return needed in (PUBLIC, PERSON) or Role(needed).rank <= self.role.rank

    def status(self, path: str, query: str) -> int:
        """What an address answers; another value of the same parameters answers alike."""
        key = (path, tuple(sorted(name for name, _ in parse_qsl(query))))
        if key not in self.answers:
            self.answers[key] = self.client.get(f"{path}?{query}" if query else path).status_code
        return self.answers[key]


def entry(match: ResolverMatch) -> str:
    """Its name in the table of pages."""
    action = match.kwargs.get("action")
    return f"{match.url_name}:{action}" if action else str(match.url_name)


def fault(reader: Reader, at: str, page: Page, one: Address) -> str:
    """What is wrong with an address on the page ``at``, nothing where it is well."""
    if one.value.startswith(ELSEWHERE):
        return ""
    asked = urlsplit(urljoin(f"http://testserver{at}", one.value))
    if asked.netloc != "testserver":
        return "from outside" if one.tag in ASSETS else ""
    if one.value.startswith("#"):
        return "" if asked.fragment in page.ids else "no such place"
    if asked.path.startswith("/static/"):
        return "" if finders.find(asked.path.removeprefix("/static/")) else "no such file"
    try:
        name = entry(resolve(asked.path))
    except Resolver404:
        return "no such page"
    needed = PAGES.get(name, (PUBLIC, PUBLIC))[one.method == "post"]
    if needed == NONE:
        return f"does not take {one.method}"
    if not reader.may(needed):
        return f"refused: needs {needed}"
    if one.method == "post" or not reader.follows:
        return ""
    status = reader.status(asked.path, asked.query)
    return "" if status in (200, 204, 302) else f"answers {status}"


def faulty(reader: Reader, at: str, page: Page, one: Address) -> str:
    """As ``fault``, which looks once at what stands on many pages."""
    if not one.value.startswith("/"):
        return fault(reader, at, page, one)
    if one not in reader.known:
        reader.known[one] = fault(reader, at, page, one)
    return reader.known[one]


def shown(reader: Reader, paths: dict[str, str]) -> Iterator[tuple[str, Page]]:
    """Each page that this reader may open."""
    for name, (needed, _) in PAGES.items():
        if needed == NONE or name not in paths or not reader.may(needed):
            continue
        path = paths[name]
        answer = reader.client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            yield path, Page(answer.text)


@pytest.fixture
def house(workspace, approver, viewer) -> House:
    """Our workspace, with a row of everything."""
    return house_of(workspace, approver, viewer)


def wrong(reader: Reader, paths: dict[str, str]) -> list[tuple[str, str, str, str, str]]:
    """Each address that leads nowhere, or where this reader may not go."""
    return sorted(
        {
            (at, one.tag, one.method, one.value, told)
            for at, page in shown(reader, paths)
            for one in page.found
            if (told := faulty(reader, at, page, one))
        }
    )


# The one who may least is shown the most that he may not; the others' pages take seconds each.
SLOW = pytest.mark.slow
EACH = [role if role == Role.VIEWER else pytest.param(role, marks=SLOW) for role in Role]


@pytest.mark.parametrize("role", EACH)
def test_every_address_leads_somewhere(role, house, request, client_as):
    reader = Reader(Role(role), client_as(request.getfixturevalue(str(role))))
    reader.follows = role == Role.ADMIN  # there is nothing that another role's pages add

    assert wrong(reader, {name: house.path(name) for name in PAGES}) == []


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_empty_pages_lead_somewhere_too(role, house, client_as):
    """A workspace without a row: what its pages tell a newcomer to do next."""
    bare = WorkspaceFactory()
    newcomer = MembershipFactory(workspace=bare, role=role).user
    reader = Reader(Role(role), client_as(newcomer))

    assert wrong(reader, {name: house.path(name) for name in PAGES if name not in house.ids}) == []


@pytest.mark.slow
def test_a_browser_opens_every_page(house, admin, client_as):
    """What is drawn as a whole page is in the tables that the browser tests walk through."""
    client = client_as(admin)

    def is_page(name: str) -> bool:
        answer = client.get(house.path(name))
        is_text = answer["Content-Type"].startswith("text/html") and not answer.streaming
        return is_text and "<html" in answer.text

    pages = {name for name, (needed, _) in PAGES.items() if needed != NONE and is_page(name)}

    assert pages - opened() == set(NOT_OPENED)
    assert opened() - set(PAGES) == {"index", "workspaces_proposal_changelist"}

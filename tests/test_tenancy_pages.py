"""Every page outside the admin and the API: strangers, roles, and people of another workspace.

Who may is said by ``tests/page_table.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.integrity.digests import digests
from tests.page_house import House, forms_of, house_of, ids_of
from tests.page_table import NONE, PAGES, PERSON, PUBLIC, UNNAMED
from workspaces import panels
from workspaces.panels import EditField, KindPanel
from workspaces.roles import Role
from workspaces.views.approvals.actions import ACTIONS

CALLS = [
    (name, method, role)
    for name, roles in PAGES.items()
    for method, role in zip(("get", "post"), roles, strict=True)
]
GUARDED = [call for call in CALLS if call[2] not in (NONE, PUBLIC)]
BY_MEMBERSHIP = [call for call in GUARDED if call[2] != PERSON]
# A person's own row of another workspace: the answer is the same for every number.
SILENT = {"approvals-delete-view", "inbox-delete-view"}
SECRETS = ("Acme", "ann@acme.example", "Meta of Acme", "hello on history", "new@acme.example",
           "Spring of Acme", "Shop of Acme", "Way of Acme", "Plan of Acme", "News of Acme",
           "Ann of Acme")  # fmt: skip


@pytest.fixture(autouse=True)
def note_can_be_edited() -> Iterator[None]:
    """The note kind's field, so that editing is refused for the role and nothing else."""
    looks = dict(panels._panels)
    panels.register_panel(
        KindPanel("note", edit_field=lambda p: EditField("text", "Text", p.request["text"]))
    )
    yield
    panels._panels.clear()
    panels._panels.update(looks)


@pytest.fixture
def house(workspace, approver, viewer) -> House:
    """Our workspace; its personal rows are the approver's, and nobody lends a rank upwards."""
    return house_of(workspace, approver, viewer)


def _paths(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for pattern in resolver.url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            if not path.startswith(("api/", "admin/")):
                yield from _paths(pattern, path)
        else:
            yield path, pattern.name


def test_every_path_is_in_the_table():
    found = list(_paths(get_resolver()))

    assert {path for path, name in found if name is None} == UNNAMED
    assert {name for _, name in found if name} == {name.partition(":")[0] for name in PAGES}


def test_actions_in_the_table_are_those_of_the_page():
    named = {name.partition(":")[2] for name in PAGES if name.startswith("approvals-act")}

    assert named == set(ACTIONS)


def test_methods_that_do_not_exist_are_405(house, admin, client_as):
    client = client_as(admin)
    before = digests()

    for name, method, role in CALLS:
        if role == NONE:
            answer = house.call(client, name, method, house.workspace)
            assert answer.status_code == 405, (name, method)

    assert digests() == before


def test_strangers_are_asked_to_log_in(house, client):
    before = digests()

    for name, method, _ in GUARDED:
        answer = house.call(client, name, method, house.workspace)
        assert answer.status_code == 302, (name, method)
        assert answer.url.startswith("/accounts/login/?next="), (name, method)
        fragment = house.call(client, name, method, house.workspace, **{"HX-Request": "true"})
        assert fragment.status_code in (302, 401), (name, method)

    assert digests() == before


def _answer(house: House, client: Client, name: str, method: str) -> int:
    """Status of a call whose effects are taken back."""
    with transaction.atomic():
        fragment = {"HX-Request": "true"}
        status = house.call(client, name, method, house.workspace, **fragment).status_code
        transaction.set_rollback(True)
    return int(status)


# Rows of one person: to everybody else, whatever his role, they do not exist.
PERSONAL = {"account-delegate-end", "notice-read"}


def _ask_all(house: House, client: Client, role: Role, calls: list[tuple[str, str, str]]) -> None:
    before = digests()

    for name, method, needed in calls:
        status = _answer(house, client, name, method)
        if role.rank < Role(needed).rank:
            assert status == 403, (name, method, status)
        elif name in PERSONAL:
            assert status in (302, 404), (name, method, status)
        else:
            assert status < 500, (name, method, status)
            assert status not in (401, 403, 404, 405), (name, method, status)

    assert digests() == before


@pytest.mark.parametrize("role", list(Role))
def test_lowest_role_that_may_and_highest_that_may_not(role, house, request, client_as):
    client = client_as(request.getfixturevalue(str(role)))
    following = [one for one in Role if one.rank == role.rank + 1]

    _ask_all(house, client, role, [one for one in BY_MEMBERSHIP if one[2] in (role, *following)])


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_roles(role, house, request, client_as):
    client = client_as(request.getfixturevalue(str(role)))

    _ask_all(house, client, role, BY_MEMBERSHIP)


def test_refusals_leave_nothing_behind(house, viewer, client_as):
    client = client_as(viewer)
    before = digests()

    for name, method, needed in BY_MEMBERSHIP:
        if Role(needed).rank > Role.VIEWER.rank:
            answer = house.call(client, name, method, house.workspace, **{"HX-Request": "true"})
            assert answer.status_code == 403, (name, method)

    assert digests() == before


@pytest.fixture
def nowhere(house) -> House:
    """The same paths and forms with ids that nobody has."""
    rows = {
        **dict.fromkeys(
            (
                "proposal",
                "campaign",
                "connection",
                "run",
                "workspace",
                "session",
                "advice",
                "ad advice",
                "scenario",
                "signal",
                "suggestion",
                "rule",
                "practice",
                "text",
                "experiment",
                "contact",
                "people file",
                "audience",
                "suppression",
                "outreach",
                "message",
                "task",
                "model",
                "trial",
                "site",
                "funnel",
                "advocate",
                "answers",
                "post",
                "conversation",
                "theirs",
                "ours",
                "attachment",
                "reply",
                "cluster",
                "pair",
            ),
            uuid4(),
        ),
        **dict.fromkeys(
            ("invitation", "delegation", "notice", "view", "policy", "taker", "halt", "audited"),
            10**9,
        ),
        "sha256": "0" * 64,
    }
    return House(house.workspace, ids_of(rows), forms_of(rows))


def _text(answer: Any) -> str:
    """What an answer says, one that is written line by line too."""
    return str(answer.getvalue().decode() if answer.streaming else answer.text)


def test_outsider_learns_nothing_from_our_ids(house, nowhere, outsider, other_workspace, client_as):
    client = client_as(outsider)
    before = digests()

    for name, method, _ in GUARDED:
        if (name not in house.ids and name not in _NAMING) or name in OF_EVERYBODY:
            continue
        ours = house.call(client, name, method, other_workspace)
        made_up = nowhere.call(client, name, method, other_workspace)
        assert ours.status_code == made_up.status_code, (name, method)
        if name in house.ids and name not in SILENT | NAMELESS:
            assert ours.status_code == 404, (name, method)
        assert not [secret for secret in SECRETS if secret in _text(ours)], (name, method)

    assert digests() == before


# Every workspace has such a model, job or channel.
OF_EVERYBODY = {
    "model-train", "model-training", "schedule-run", "schedule-switch", "outreach-channel-save",
    "social-read", "inbox-automation-switch",
}  # fmt: skip
# Their path names a kind of thing, none of ours.
NAMELESS = {
    "home-card",
    "connection-new",
    "attribution-export",
    "ledger-export",
    "attribution-chart",
    "website-export",
    "contacts-export",
    "inbox-report-export",
    "dashboard-export",
    "scenarios-export",
    "model-rollback",
    "winners-export",
    "board",
    "board-small",
    "board-chart",
    "board-export",
}
# Forms that carry ids of rows.
_NAMING = {
    "approvals-bulk", "approvals-undo-many", "ad-accounts-add", "switch-workspace",
    "account-delegate", "funnels-first",
}  # fmt: skip


def test_outsider_who_names_our_workspace_is_refused(house, outsider, client_as):
    client = client_as(outsider)
    before = digests()

    for name, method, _ in BY_MEMBERSHIP:
        if method == "post":
            answer = house.call(client, name, method, house.workspace)
        else:
            named = {"X-Workspace": str(house.workspace.public_id)}
            answer = client.get(house.path(name), headers=named)
        assert answer.status_code == 409, (name, method)
        assert "Meta of Acme" not in answer.text

    assert digests() == before


def test_pages_of_an_outsider_show_nothing_of_us(house, outsider, client_as):
    client = client_as(outsider)

    for name, method, _ in CALLS:
        if method == "get" and name not in house.ids:
            shown = client.get(house.path(name)).text
            assert not [secret for secret in SECRETS if secret in shown], name

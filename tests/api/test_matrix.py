"""Every role and every scope at every operation; a new path cannot be forgotten."""

from __future__ import annotations

import inspect

import pytest
from django.urls import resolve
from rest_framework.test import APIClient

from tests.api.conftest import key_client
from tests.api.paths import OPERATIONS, operations, split
from workspaces import scopes
from workspaces.api.caller import ROLES, callers_of
from workspaces.models import KeyKind
from workspaces.roles import Role

VIEWS = dict(operations())
# Nobody else's, whatever role or scope.
OF_AGENTS = {"POST agents/suggestions/", "POST agents/actions/"}
GUARDED = {
    name: scope for name, scope in OPERATIONS.items() if ":" in scope and name not in OF_AGENTS
}
# POSTs that make nothing, or only look.
READS_TEXTS = {
    f"POST responses/{name}/"
    for name in (
        "classify", "classify/batch", "analyze-objection", "analyze-purchase-intent",
        "generate-response",
    )
}  # fmt: skip
WITHOUT_REPEAT_KEY = {
    # It tells, and makes nothing.
    "POST ml/optimize-budget/",
    *READS_TEXTS,
    "POST connections/<uuid:public_id>/test/",
    "POST safety-policy/simulate/",
    "POST scenarios/predict/",
    "POST ab-tests/power/",
    "POST audiences/preview/",
    "POST outreach/templates/preview/",
    "POST outreach/templates/<uuid:public_id>/preview/",
    # Each event has an id of its own.
    "POST website/events/",
    "POST website/track/",
    # So has each message.
    "POST responses/inbound/",
    "POST chat/<str:site_key>/messages/",
    "POST chat/<str:site_key>/form/",
}
_REVENUE = ("calculate", "ad-roas", "get-stages")
REFUSED = {401, 403}


def test_every_operation_is_in_the_contract():
    assert {name for name, _ in operations()} == set(OPERATIONS)


def test_every_post_that_makes_something_may_be_repeated():
    posts = {name: view for name, view in operations() if name.startswith("POST")}

    without = {name for name, view in posts.items() if not getattr(view.post, "is_once", False)}

    assert without == WITHOUT_REPEAT_KEY


def test_roles_of_scopes_grow_with_their_power():
    assert ROLES[scopes.CHANGES_SIGN] == Role.APPROVER
    assert ROLES[scopes.WORKSPACE_ADMIN] == Role.ADMIN
    assert ROLES.get(scopes.CHANGES_PROPOSE, Role.OPERATOR) == Role.OPERATOR
    assert all(ROLES[scope] == Role.VIEWER for scope in scopes.SCOPES if scope.endswith(":read"))


def _call(client: APIClient, operation: str) -> int:
    method, path = split(operation)
    return getattr(client, method)(path, {}, format="json").status_code


NEEDED = {name: ROLES.get(scope, Role.OPERATOR) for name, scope in GUARDED.items()}


def _ask_all(client: APIClient, role: Role, needed_of: dict[str, Role]) -> None:
    for operation, needed in needed_of.items():
        code = _call(client, operation)
        assert (code not in REFUSED) == (role.rank >= needed.rank), (operation, role, code)
        assert code < 500, (operation, role)


@pytest.mark.parametrize("role", list(Role))
def test_lowest_role_that_may_and_highest_that_may_not(role, request, browser):
    client = browser(request.getfixturevalue(str(role)))
    following = [one for one in Role if one.rank == role.rank + 1]

    _ask_all(client, role, {o: one for o, one in NEEDED.items() if one in (role, *following)})


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_roles(role, request, browser):
    client = browser(request.getfixturevalue(str(role)))

    _ask_all(client, role, NEEDED)


def test_exactly_the_scope_lets_a_key_in(workspace, admin):
    keys = {scope: key_client(workspace, [scope], acts_as=admin) for scope in set(GUARDED.values())}

    for operation, scope in GUARDED.items():
        code = _call(keys[scope], operation)
        assert code not in REFUSED, (operation, code)
        assert code < 500, operation


def test_no_other_scope_lets_a_key_in(workspace, admin):
    keys = {
        scope: key_client(workspace, set(scopes.SCOPES) - {scope}, acts_as=admin)
        for scope in set(GUARDED.values())
    }

    for operation, scope in GUARDED.items():
        assert _call(keys[scope], operation) == 403, operation


def test_strangers_are_refused_everywhere(db):
    client = APIClient()

    for operation, scope in OPERATIONS.items():
        if scope != "public":
            assert _call(client, operation) == 401, operation


def test_methods_that_are_not_offered_are_not_there():
    offered: dict[str, set[str]] = {}
    for operation in [*GUARDED, *OF_AGENTS]:
        method, path = split(operation)
        offered.setdefault(path, set()).add(method.upper())

    for path, methods in offered.items():
        match = resolve(path)
        view = match.func.view_class(**match.func.view_initkwargs)
        assert set(view.allowed_methods) - {"OPTIONS"} == methods, path


def test_method_that_is_not_offered_is_405_in_words(browser, admin):
    for method in ("delete", "options"):
        answer = getattr(browser(admin), method)("/api/campaigns/")

        assert answer.status_code == 405
        assert answer.headers["Content-Type"] == "application/problem+json"


CALLERS = {
    "agent": {"kind": KeyKind.AGENT},
    "integration": {},
    "person": {"acts_as": True},
}


@pytest.mark.parametrize("kind", CALLERS)
def test_kinds_of_callers(kind, workspace, admin):
    fields = {**CALLERS[kind]}
    if "acts_as" in fields:
        fields["acts_as"] = admin
    refused = set() if kind == "person" else {"changes:sign"}
    if kind == "agent":
        refused.add("workspace:admin")
    client = key_client(workspace, set(scopes.SCOPES) - refused, **fields)

    for operation in [*GUARDED, *OF_AGENTS]:
        method = operation.partition(" ")[0]
        is_allowed = kind in callers_of(VIEWS[operation], method)
        is_allowed = is_allowed and OPERATIONS[operation] not in refused
        assert (_call(client, operation) != 403) == is_allowed, operation


def test_only_agents_have_what_is_theirs():
    found = {
        name for name, view in operations()
        if callers_of(view, name.partition(" ")[0]) == ["agent"]
    }  # fmt: skip

    assert found == OF_AGENTS


def test_what_a_person_answers_for_says_so():
    """A program is refused at the door then, and is not offered it as a tool."""
    for operation, view in operations():
        method = operation.partition(" ")[0]
        sources = {
            name: inspect.getsource(one)
            for name, one in vars(view).items()
            if inspect.isfunction(one)
        }
        text = sources.get(method.lower(), "")
        text += "".join(told for name, told in sources.items() if f"self.{name}(" in text)
        is_a_persons = callers_of(view, method) == ["person"]
        assert ("caller.person" in text) == is_a_persons, operation


def test_reading_scope_never_writes(workspace, admin):
    """A key that may only read is refused by every operation that changes something."""
    client = key_client(workspace, [s for s in scopes.SCOPES if s.endswith(":read")], acts_as=admin)
    revenue = {f"POST ml/synthetic-revenue/{name}/" for name in _REVENUE}
    looking = {
        "POST safety-policy/simulate/",
        "POST scenarios/predict/",
        "POST ab-tests/power/",
        "POST audiences/preview/",
        "POST outreach/templates/preview/",
        "POST outreach/templates/<uuid:public_id>/preview/",
        "POST ml/battle-hardened/select/",
        "POST ml/optimize-budget/",
        "POST ml/predict/<str:name>/",
        "POST ml/rag/find-similar/",
        *READS_TEXTS,
        *revenue,
    }

    for operation in set(GUARDED) - looking:
        if not operation.startswith("GET"):
            assert _call(client, operation) == 403, operation


def test_every_spelling_leads_to_the_same_view():
    for operation in OPERATIONS:
        _, path = split(operation)
        view = resolve(path).func.view_class
        for spelling in (path, path.rstrip("/")):
            assert resolve(spelling).func.view_class is view
            assert resolve(spelling.replace("/api/", "/api/v1/", 1)).func.view_class is view


def test_unknown_paths_are_problems(db):
    for path in ("/api/", "/api/nothing", "/api/v1/nothing/at/all/", "/api/proposals/17/"):
        answer = APIClient().get(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"

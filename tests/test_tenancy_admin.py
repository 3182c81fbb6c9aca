"""Every page of the admin, by role and by workspace: what is allowed, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import resolve, reverse

from tests import admin_rows
from tests.workspaces.factories import MembershipFactory, UserFactory, WorkspaceFactory
from workspaces.models import Membership, User
from workspaces.roles import Role

MODELS = admin_rows.registered()
ROLES = list(Role)

# Lowest role that reads; every other model: viewer.
READS = {
    "attribution.fingerprintsalt": "admin",
    "attribution.visitorsalt": "admin",
    "workspaces.apikey": "admin",
    "workspaces.idempotencyrecord": "admin",
    "workspaces.inboundevent": "operator",
    "workspaces.invitation": "admin",
    "workspaces.session": "admin",
    "workspaces.webhookdelivery": "admin",
    "workspaces.webhookendpoint": "admin",
    "axes.accessattempt": "admin",
    "axes.accessfailurelog": "admin",
    "axes.accesslog": "admin",
    "django_celery_beat.clockedschedule": "admin",
    "django_celery_beat.crontabschedule": "admin",
    "django_celery_beat.intervalschedule": "admin",
    "django_celery_beat.periodictask": "admin",
    "django_celery_beat.solarschedule": "admin",
    "otp_static.staticdevice": "admin",
    "otp_totp.totpdevice": "admin",
}
# Lowest role that writes; every other model: nobody.
ADDS = {
    "attribution.attributionmodel": "admin",
    "attribution.attributionpolicy": "admin",
    "attribution.conversiondestination": "admin",
    "attribution.site": "admin",
    "attribution.stagerule": "admin",
    "campaigns.ad": "operator",
    "campaigns.adaccount": "admin",
    "campaigns.adset": "operator",
    "campaigns.alertrule": "admin",
    "campaigns.campaign": "operator",
    "campaigns.creative": "operator",
    "campaigns.marketingchannel": "admin",
    "experiments.experimentpolicy": "admin",
    "experiments.layer": "admin",
    "experiments.metric": "admin",
    "outreach.channelpolicy": "admin",
    "outreach.outreachpolicy": "admin",
    "inbox.agentprofile": "admin",
    "inbox.assignmentrule": "admin",
    "inbox.businesshours": "admin",
    "inbox.inboxpolicy": "admin",
    "inbox.slapolicy": "admin",
    "mlops.modelpolicy": "admin",
    "mlops.winnerpolicy": "admin",
    "workspaces.apikey": "admin",
    "workspaces.exchangerate": "admin",
    "workspaces.invitation": "admin",
    "workspaces.throttlerate": "admin",
    "workspaces.webhookendpoint": "admin",
}
CHANGES = {
    "attribution.attributionmodel": "admin",
    "attribution.attributionpolicy": "admin",
    "attribution.conversiondestination": "admin",
    "attribution.quarantinedad": "operator",
    "attribution.site": "admin",
    "attribution.stagemapping": "admin",
    "attribution.stagerule": "admin",
    "campaigns.ad": "operator",
    "campaigns.adaccount": "admin",
    "campaigns.adset": "operator",
    "campaigns.alertrule": "admin",
    "campaigns.campaign": "operator",
    "campaigns.creative": "operator",
    "campaigns.importmapping": "operator",
    "campaigns.marketingchannel": "admin",
    "experiments.experimentpolicy": "admin",
    "experiments.layer": "admin",
    "experiments.metric": "admin",
    "outreach.channelpolicy": "admin",
    "outreach.outreachpolicy": "admin",
    "inbox.agentprofile": "admin",
    "inbox.assignmentrule": "admin",
    "inbox.businesshours": "admin",
    "inbox.inboxpolicy": "admin",
    "inbox.slapolicy": "admin",
    "mlops.modelpolicy": "admin",
    "mlops.winnerpolicy": "admin",
    "workspaces.exchangerate": "admin",
    "workspaces.jobconfig": "admin",
    "workspaces.membership": "admin",
    "workspaces.throttlerate": "admin",
    "workspaces.workspace": "admin",
}
DELETES = {
    "attribution.stagerule": "admin",
    "campaigns.importmapping": "operator",
    "inbox.assignmentrule": "admin",
    "inbox.businesshours": "admin",
    "inbox.slapolicy": "admin",
    "workspaces.exchangerate": "admin",
    "workspaces.membership": "admin",
    "workspaces.savedview": "viewer",
    "workspaces.throttlerate": "admin",
}
EXPORTS = {
    "campaigns.ad": "viewer",
    "campaigns.adset": "viewer",
    "campaigns.campaign": "viewer",
    "campaigns.creative": "viewer",
    "campaigns.dailyperformance": "viewer",
    "workspaces.exchangerate": "viewer",
}
IMPORTS = {
    "campaigns.campaign": "operator",
    "campaigns.creative": "operator",
    "workspaces.exchangerate": "admin",
}
# Rows of the installation, of a person or of nobody: not split by workspace.
SHARED = {
    "django_celery_beat.clockedschedule",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.intervalschedule",
    "django_celery_beat.periodictask",
    "django_celery_beat.solarschedule",
}


def _each(*but: str) -> pytest.MarkDecorator:
    chosen = [model for model in MODELS if model._meta.label_lower not in but]
    return pytest.mark.parametrize("model", chosen, ids=lambda model: model._meta.label_lower)


of_each_model = _each()
of_each_own_model = _each(*SHARED)
of_each_model_with_pages = _each("workspaces.session")


@dataclass
class Houses:
    """Two workspaces with a row of everything, and their people."""

    own: dict[str, Membership]
    other: Membership
    stranger: User


@pytest.fixture(scope="module")
def houses(django_db_setup: None, django_db_blocker) -> Iterator[Houses]:
    """Made once: nothing here changes a row."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = _build()
        # Looked at now, else each test's end would look at the keys of all these rows again.
        connection.check_constraints()
        yield made
        transaction.set_rollback(True)


def _build() -> Houses:
    own = WorkspaceFactory(slug="own")
    people = {
        role.value: MembershipFactory(workspace=own, role=role, user__email=f"{role}@own.example")
        for role in ROLES
    }
    admin_rows.fill(own, people["admin"].user, people["approver"].user)
    other = MembershipFactory(workspace__slug="other", role="admin")
    approver = MembershipFactory(workspace=other.workspace, role="approver")
    admin_rows.fill(other.workspace, other.user, approver.user)
    stranger = UserFactory(email="root@example.com", is_superuser=True, is_staff=True)
    return Houses(people, other, stranger)


def _call(path: str, membership: Membership | None, user: User | None = None) -> HttpResponse:
    """Answer of a page, not drawn: 403 where it refuses."""
    match = resolve(path.partition("?")[0])
    request: HttpRequest = RequestFactory().get(path)
    request.user = user or membership.user
    request.membership = membership
    request.workspace = membership.workspace if membership else None
    request.session = {}
    request._messages = FallbackStorage(request)
    request.resolver_match = match
    try:
        return match.func(request, *match.args, **match.kwargs)
    except PermissionDenied:
        return HttpResponse(status=403)


def _url(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def _allowed(table: dict[str, str], model: type[Model], nobody: str = "") -> list[str]:
    lowest = table.get(model._meta.label_lower, nobody)
    return [role.value for role in ROLES if lowest and role.rank >= Role(lowest).rank]


def _answers(houses: Houses, path: str) -> list[str]:
    """Roles that a page lets in."""
    return [role for role, member in houses.own.items() if _call(path, member).status_code == 200]


def _opens_to(roles: list[str], houses: Houses, path: str) -> bool:
    """Whether a page lets in the lowest of the roles, and not the highest of all others."""
    refused = [role for role in houses.own if role not in roles]
    asked = {role: _call(path, houses.own[role]) for role in [*roles[:1], *refused[-1:]]}
    return all((answer.status_code == 200) is (role in roles) for role, answer in asked.items())


def _listed(model: type[Model], membership: Membership) -> list[Any]:
    answer = _call(_url(model, "changelist"), membership)
    return list(answer.context_data["cl"].result_list)


def _own_row(model: type[Model], houses: Houses) -> Any:
    return _listed(model, houses.own["admin"])[0]


def _is_events(model: type[Model]) -> bool:
    return getattr(model, "pgh_tracked_model", None) is not None


def _reads(model: type[Model]) -> list[str]:
    return ["admin"] if _is_events(model) else _allowed(READS, model, "viewer")


@of_each_model
def test_list_is_open_to_the_roles_that_read(model, houses, db):
    assert _opens_to(_reads(model), houses, _url(model, "changelist"))


@of_each_model
def test_add_is_open_to_the_roles_that_make(model, houses, db):
    assert _opens_to(_allowed(ADDS, model), houses, _url(model, "add"))


@of_each_model
def test_detail_and_history_are_open_to_the_roles_that_read(model, houses, db):
    if model._meta.label_lower in {"workspaces.session"}:
        pk, expected = admin_rows.rows_of(model)[0].pk, []
    else:
        row = _own_row(model, houses)
        pk, expected = row.pk, _reads(model)
        if hasattr(row, "user_id") and model._meta.model_name in {
            "notification", "savedview", "notificationpreference",
        }:  # fmt: skip
            expected = ["admin"]  # the row is his own; others do not find it

    for page in ("change", "history"):
        assert _opens_to(expected, houses, _url(model, page, pk))


@of_each_model
def test_rows_are_edited_by_the_roles_that_may(model, houses, db):
    page = admin.site.get_model_admin(model)

    may_read = [r for r, m in houses.own.items() if page.has_view_permission(_asks(m))]
    may_add = [r for r, m in houses.own.items() if page.has_add_permission(_asks(m))]
    may_change = [r for r, m in houses.own.items() if page.has_change_permission(_asks(m))]
    may_delete = [r for r, m in houses.own.items() if page.has_delete_permission(_asks(m))]

    assert may_read == _reads(model)
    assert may_add == _allowed(ADDS, model)
    assert may_change == _allowed(CHANGES, model)
    assert may_delete == _allowed(DELETES, model)


def _asks(membership: Membership) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user, request.membership = membership.user, membership
    return request


@of_each_model_with_pages
def test_delete_page_is_open_to_the_roles_that_remove(model, houses, db):
    row = _own_row(model, houses)
    expected = _allowed(DELETES, model)
    if model._meta.model_name == "savedview":
        expected = ["admin"]  # whose it is

    assert _opens_to(expected, houses, _url(model, "delete", row.pk))


@of_each_own_model
def test_rows_of_another_workspace_are_not_there(model, houses, db):
    boss = houses.own["admin"]
    mine = {row.pk for row in _listed(model, boss)}
    theirs = {row.pk for row in _listed(model, houses.other)}

    assert mine
    assert theirs
    assert mine.isdisjoint(theirs)
    for page in ("change", "history", "delete"):
        pk = min(theirs)
        found = _answer_to(model, page, pk, boss)
        missing = _answer_to(model, page, "nowhere" if isinstance(pk, str) else 10**9, boss)
        assert found == missing
        assert found[0] in {302, 403}


def _answer_to(
    model: type[Model], page: str, pk: object, member: Membership
) -> tuple[int, str | None]:
    answer = _call(_url(model, page, pk), member)
    return answer.status_code, answer.headers.get("Location")


@of_each_model
def test_superuser_without_membership_enters_nothing(model, houses, db):
    answer = _call(_url(model, "changelist"), None, user=houses.stranger)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/start/")


@pytest.mark.parametrize(("page", "table"), [("export", EXPORTS), ("import", IMPORTS)])
def test_sheets_are_open_to_the_roles_that_may(page, table, houses, db):
    known = [model for model in MODELS if model._meta.label_lower in table]

    answers = {m._meta.label_lower: _answers(houses, _url(m, page)) for m in known}

    assert answers == {m._meta.label_lower: _allowed(table, m) for m in known}


def test_no_other_model_has_sheets():
    pages = {
        pattern.name
        for pattern in admin.site.urls[0][0:]
        for pattern in getattr(pattern, "url_patterns", [])
        if pattern.name and pattern.name.endswith(("_export", "_import", "_process_import"))
    }

    expected = {f"{label.replace('.', '_')}_export" for label in EXPORTS}
    for label in IMPORTS:
        expected |= {f"{label.replace('.', '_')}_{page}" for page in ("import", "process_import")}
    assert pages == expected


AUTOCOMPLETES = [
    (model, field)
    for model in MODELS
    for field in admin.site.get_model_admin(model).autocomplete_fields
]


@pytest.mark.parametrize(
    ("model", "field"), AUTOCOMPLETES, ids=[f"{m._meta.label}.{f}" for m, f in AUTOCOMPLETES]
)
def test_autocomplete_offers_rows_of_the_own_workspace_only(model, field, houses, db):
    import json

    path = (
        f"{reverse('admin:autocomplete')}?term=&app_label={model._meta.app_label}"
        f"&model_name={model._meta.model_name}&field_name={field}"
    )
    answer = json.loads(_call(path, houses.own["admin"]).content)
    remote = model._meta.get_field(field).remote_field.model

    offered = {item["id"] for item in answer["results"]}

    assert offered == {str(row.pk) for row in _listed(remote, houses.own["admin"])}
    assert offered


def test_choices_of_foreign_keys_are_those_of_the_own_workspace(houses, db):
    theirs = {account.pk for account in _listed(_model("campaigns.AdAccount"), houses.other)}
    request = _asks(houses.own["operator"])
    request.workspace = houses.own["operator"].workspace
    page = admin.site.get_model_admin(_model("campaigns.Campaign"))

    offered = page.get_form(request).base_fields["account"].queryset

    assert offered.exists()
    assert not offered.filter(pk__in=theirs).exists()


def _model(label: str) -> type[Model]:
    from django.apps import apps

    return apps.get_model(label)

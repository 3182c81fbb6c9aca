"""Every list and detail page of the admin: it opens, shows its rows only, in few queries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.http import HttpRequest, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import admin_rows
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.listing import CappedPaginator
from workspaces.middleware import SESSION_KEY
from workspaces.models import User

MODELS = admin_rows.registered()
LIST_QUERIES = 12
PASSWORD_HASH = "hash-of-a-password"

ALL_IT_IS = "its one column is all that may be shown, or all there is"
ONE_ROW = "one row a workspace"
FEW = "a handful of rows, or a view that sums"
OF_ANOTHER = "read on the page of what it belongs to; narrowed by filters or by nothing"

ONE_COLUMN = dict.fromkeys(
    [
        "attribution.fingerprintsalt", "attribution.visitorsalt", "outreach.trackedlink",
        "django_celery_beat.clockedschedule",
    ],
    ALL_IT_IS,
)  # fmt: skip
_POLICIES = [
    "attribution.attributionpolicy", "experiments.experimentpolicy", "inbox.inboxpolicy",
    "mlops.modelpolicy", "mlops.syntheticworld", "mlops.winnerlibrary", "mlops.winnerpolicy",
    "outreach.outreachpolicy",
]  # fmt: skip
_SMALL = [
    "attribution.crmsync", "attribution.fingerprintsalt", "attribution.visitorsalt",
    "attribution.rollupwork", "attribution.sessionwork", "django_celery_beat.clockedschedule",
    "django_celery_beat.crontabschedule", "django_celery_beat.intervalschedule",
    "django_celery_beat.solarschedule", "inbox.businesshours", "inbox.mailbox",
    "workspaces.notificationpreference",
]  # fmt: skip
NOT_SEARCHED = {
    "*.event": "a state of a row, which names no words of its own",
    **dict.fromkeys(_POLICIES, ONE_ROW),
    **dict.fromkeys(_SMALL, FEW),
    **dict.fromkeys(
        [
            "attribution.attributionrecoveryrate", "attribution.conversionattributionsummary",
            "attribution.webtally", "campaigns.dailyorganicmetric", "campaigns.responsefit",
            "inbox.slapolicy", "mlops.policytrial", "outreach.channelpolicy",
            "outreach.channelworth",
        ],
        FEW,
    ),
    **dict.fromkeys(
        [
            "attribution.identitymerge", "attribution.journeytouch", "inbox.aiclassification",
            "inbox.conversationevent", "inbox.identitysuggestion", "inbox.replydraft",
        ],
        OF_ANOTHER,
    ),
}  # fmt: skip
NOT_FILTERED = {
    **dict.fromkeys(_POLICIES, ONE_ROW),
    **dict.fromkeys(_SMALL, FEW),
    **dict.fromkeys(
        [
            "attribution.channel", "attribution.stagevalue", "attribution.syntheticrevenuesummary",
            "campaigns.campaignactivitysummary", "experiments.layer", "mlops.modelartefact",
            "workspaces.jobperformancebytenant", "workspaces.jobqueuehealth",
            "workspaces.ratelimitstatus", "workspaces.savedview", "workspaces.workspace",
        ],
        FEW,
    ),
    **dict.fromkeys(
        ["attribution.person", "inbox.attachment", "outreach.trackedlink"],
        "found by its own name; no column has few values",
    ),
}  # fmt: skip
LARGE = {
    "attribution.click", "attribution.conversion", "attribution.journey",
    "attribution.journeytouch", "attribution.pageview", "attribution.touchpoint",
    "attribution.usersession", "attribution.visitor", "attribution.webevent",
    "attribution.websession", "campaigns.adchangehistory", "campaigns.dailyperformance",
    "campaigns.pendingadchange", "experiments.exposure", "experiments.unitevent",
    "experiments.unitoutcome", "inbox.conversation", "inbox.conversationevent",
    "inbox.customerresponse", "mlops.modelprediction", "outreach.contact",
    "outreach.messageevent", "outreach.outreachmessage", "outreach.plannedsend",
    "workspaces.executionattempt", "workspaces.inboundevent", "workspaces.jobrun",
    "workspaces.notification", "workspaces.plan", "workspaces.proposal", "workspaces.signature",
}  # fmt: skip

of_each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker) -> Iterator[Client]:
    """Browser of an admin in a workspace with a row of everything, made once."""
    with django_db_blocker.unblock(), transaction.atomic():
        workspace = WorkspaceFactory(slug="house")
        boss = MembershipFactory(workspace=workspace, role="admin").user
        User.objects.filter(pk=boss.pk).update(password=PASSWORD_HASH)
        boss.refresh_from_db()
        approver = MembershipFactory(workspace=workspace, role="approver").user
        admin_rows.fill(workspace, boss, approver)
        client = Client()
        client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[SESSION_KEY] = workspace.pk
        session.save()
        # Looked at now, else each test's end would look at the keys of all these rows again.
        connection.check_constraints()
        yield client
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def asking(house: Client, django_db_blocker) -> HttpRequest:
    """A request of that admin, as the middleware leaves it."""
    with django_db_blocker.unblock():
        return house.get("/admin/").wsgi_request


def _url(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@of_each_model
def test_list_shows_rows_in_few_queries(model, house, db):
    with CaptureQueriesContext(connection) as queries:
        response = house.get(_url(model, "changelist"))

    told = [query["sql"] for query in queries]
    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1
    assert len(told) <= LIST_QUERIES, "\n".join(told)
    # Nobody waits for a count of millions: each stops at the cap.
    counts = [sql for sql in told if sql.upper().startswith("SELECT COUNT(")]
    assert all("LIMIT" in sql.upper() for sql in counts), counts


@of_each_model
def test_list_is_of_use(model):
    """Columns to tell rows apart by, words to search for, filters to narrow with."""
    page, name = admin.site.get_model_admin(model), _name(model)

    assert (len(page.list_display) > 1) is (name not in ONE_COLUMN)
    assert bool(page.search_fields) is (name not in NOT_SEARCHED)
    assert bool(page.list_filter) is (name not in NOT_FILTERED)
    assert issubclass(page.paginator, CappedPaginator)
    assert not page.show_full_result_count
    if page.date_hierarchy:
        assert name not in LARGE, "The bar of dates reads the first and the last of all rows."


def _name(model) -> str:
    return "*.event" if hasattr(model, "pgh_tracked_model") else model._meta.label_lower


def test_reasons_are_those_of_lists_that_are_there():
    names = {_name(model) for model in MODELS}

    assert {*ONE_COLUMN, *NOT_SEARCHED, *NOT_FILTERED, *LARGE} <= names


@of_each_model
def test_list_can_be_searched_or_ordered(model, asking, db):
    page = admin.site.get_model_admin(model)
    searches = bool(page.search_fields)
    asking.GET = QueryDict("q=zzz" if searches else "o=1")

    listed = page.get_changelist_instance(asking)

    assert listed.result_count == 0 if searches else list(listed.queryset)


@of_each_model
def test_detail_and_history_open_without_secrets(model, house, db):
    row = admin_rows.rows_of(model)[0]
    expected = 403 if model._meta.model_name == "session" else 200

    detail = house.get(_url(model, "change", row.pk))
    history = house.get(_url(model, "history", row.pk))

    assert (detail.status_code, history.status_code) == (expected, expected)
    for secret in ("cipher-of-", "secret-data", "aa" * 20, PASSWORD_HASH):
        assert secret not in detail.text + history.text


def test_every_model_of_ours_has_a_page():
    ours = [
        model
        for label in ("workspaces", "campaigns", "mlops")
        for model in apps.get_app_config(label).get_models()
    ]

    assert [model._meta.label for model in ours if model not in MODELS] == []


@pytest.mark.parametrize("label", ["auth.Group", "rest_framework_api_key.APIKey"])
def test_models_that_are_not_used_have_none(label):
    assert apps.get_model(label) not in MODELS


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("workspaces_proposal", {"q": "Budget"}),
        ("campaigns_pendingadchange", {"q": "Budget"}),
        ("campaigns_adchangehistory", {"q": "nothing-has-this-id"}),
        ("campaigns_adchangehistory", {"status": "applied", "triggered_by": "model"}),
        ("workspaces_proposal", {"kind": "ad_change"}),
    ],
)
def test_lists_of_growing_tables_never_read_all_of_them(page, query, house, db):
    with CaptureQueriesContext(connection) as queries:
        response = house.get(reverse(f"admin:{page}_changelist"), query)

    told = " ".join(query["sql"] for query in queries).upper()
    assert response.status_code == 200
    assert "SELECT DISTINCT" not in told
    assert "LIKE UPPER" not in told

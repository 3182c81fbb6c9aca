"""Every page outside the admin and the API: strangers, roles, and people of another workspace.

Who may is said by ``tests/page_table.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns.models import ImportRun
from campaigns.services.alerts import ensure_rules
from inbox.models import Attachment, AuditedReply, IdentitySuggestion
from mlops.models import PolicyTrial
from outreach.models import Halt, OutreachTask
from tests import admin_rows
from tests.attribution.funnels.advice_steps import advice_on, funnel_of
from tests.attribution.funnels.steps import counted_funnel
from tests.attribution.website.web_steps import session_of, shop, visitor_of
from tests.campaigns.advice.steps import recommendation_of
from tests.campaigns.factories import AdFactory, SafetyPolicyFactory
from tests.campaigns.scenarios.steps import stored
from tests.campaigns.signal_rows import signal_of
from tests.experiments.practices.steps import practice_of
from tests.experiments.steps import draft_of
from tests.inbox.desk_steps import draft_of as reply_to
from tests.inbox.steps import conversation_of, response_of
from tests.integrity.digests import digests
from tests.mlops.boards.steps import drawn
from tests.mlops.registry.steps import judged_version
from tests.outreach.people.steps import people_rows
from tests.outreach.social.steps import account_of, advocate_of, post_of
from tests.outreach.social.steps import funnel_of as answers_of
from tests.outreach.steps import campaign_of, contact_of, message_of, template_of
from tests.page_table import NONE, PAGES, PERSON, PROBES, PUBLIC, UNNAMED
from tests.workspaces.agent_steps import suggestion_of
from tests.workspaces.factories import ConnectionFactory
from workspaces import panels
from workspaces.models import Delegation, Invitation, Notification, SavedView, User, Workspace
from workspaces.panels import EditField, KindPanel
from workspaces.roles import Role
from workspaces.services import notices
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


@dataclass
class House:
    """A workspace with a row of everything that a path or a form names."""

    workspace: Workspace
    ids: dict[str, list[object]]
    forms: dict[str, dict[str, object]]

    def path(self, name: str) -> str:
        """Path of a page, with this workspace's rows."""
        if name in PROBES:  # several spellings, so there is nothing to reverse
            return f"/{name}"
        return reverse(name.partition(":")[0], args=self.ids.get(name, []))

    def call(self, client: Client, name: str, method: str, workspace: Workspace, **headers: str):
        """Use a page as if it belonged to ``workspace``."""
        form = {**self.forms.get(name, {}), "workspace": str(workspace.public_id)}
        sent = form if method == "post" else {}
        return getattr(client, method)(self.path(name), sent, headers=headers)


_BY_TOKEN = {
    "outreach-click", "outreach-pixel", "outreach-unsubscribe", "outreach-preferences",
    "inbox-rate",
}  # fmt: skip
_OF_MODEL = ("model", "model-chart", "model-propose", "model-try", "canary-stop", "canary-serve")
_OF_CONVERSATION = (
    "conversation", "news", "earlier", "customer", "viewed", "here", "note", "compose", "answer",
    "draft", "add-files", "preview",
)  # fmt: skip
_OF_FUNNEL = (
    "funnel", "funnel-edit", "funnel-progress", "funnel-people", "funnel-audience",
    "funnel-recount", "funnel-archive", "funnel-restore",
)  # fmt: skip


def _ids(rows: dict[str, object]) -> dict[str, list[object]]:
    """Arguments of each path that names something."""
    proposal, connection, run = rows["proposal"], rows["connection"], rows["run"]
    actions = {name: name.partition(":")[2] for name in PAGES if ":" in name}
    return {
        "accept-invitation": ["no-such-token"],
        **{name: ["no-such-token"] for name in PAGES if name in _BY_TOKEN},
        "password_reset_confirm": ["MQ", "no-such-token"],
        "home-card": ["syncs"],
        "account-delegate-end": [rows["delegation"]],
        "invitation-revoke": [rows["invitation"]],
        "connection-new": ["meta"],
        "attribution-export": ["csv"],
        "ledger-export": ["csv"],
        "dashboard-export": ["overview", "csv"],
        "scenarios-export": ["csv"],
        "scenario": [rows["scenario"]],
        "scenario-send": [rows["scenario"]],
        "attribution-chart": ["models"],
        "website-export": ["csv"],
        "website-session": [rows["session"]],
        "recommendation-decide": [rows["advice"]],
        "advice-send": [rows["ad advice"]],
        **{f"signal-{name}": [rows["signal"]] for name in ("dismiss", "restore", "propose")},
        **{f"agent-put-{name}": [rows["suggestion"]] for name in ("aside", "back")},
        "alert-rule-save": [rows["rule"]],
        **{name: [rows["funnel"]] for name in _OF_FUNNEL},
        "funnel-export": [rows["funnel"], "csv"],
        **{f"connection-{name}": [connection] for name in ("secret", "test", "pause", "resume")},
        "notice-read": [rows["notice"]],
        "approvals-delete-view": [rows["view"]],
        "approvals-proposal": [proposal],
        **{n: [proposal, a] for n, a in actions.items() if n.startswith("approvals")},
        **{n: [rows["policy"], a] for n, a in actions.items() if n.startswith("policy")},
        **{f"campaigns-import{rest}": [run] for rest in ("", "-progress", "-bad-rows")},
        **{name: [rows["model"]] for name in _OF_MODEL},
        **{
            f"experiment{rest}": [rows["experiment"]]
            for rest in ("", "-segments", "-history", "-size")
        },
        "experiment-export": [rows["experiment"], "csv"],
        **{f"experiment-{name}": [rows["experiment"], "idea"] for name in ("edit", "save")},
        "experiment-act": [rows["experiment"], "copy"],
        **{
            f"outreach-campaign{rest}": [rows["outreach"]] for rest in ("", "-revenue", "-audience")
        },
        "outreach-campaign-export": [rows["outreach"], "csv"],
        **{f"outreach-campaign-{name}": [rows["outreach"], "about"] for name in ("edit", "save")},
        "outreach-campaign-act": [rows["outreach"], "copy"],
        **{f"outreach-message{rest}": [rows["message"]] for rest in ("", "-body", "-replay")},
        "outreach-task-act": [rows["task"], "dismiss"],
        "outreach-halt-lift": [rows["halt"]],
        "outreach-channel-save": ["email"],
        **{
            f"practice{rest}": [rows["practice"]] for rest in ("", "-draft", "-give-up", "-restore")
        },
        "contact": [rows["contact"]],
        "contacts-export": ["csv"],
        "contact-journey": [rows["contact"]],
        "contact-export": [rows["contact"]],
        "contact-act": [rows["contact"], "archive"],
        **{
            f"contact-import{rest}": [rows["people file"]]
            for rest in ("", "-check", "-write", "-bad-rows")
        },
        **{f"audience{rest}": [rows["audience"]] for rest in ("", "-save", "-archive")},
        "audience-export": [rows["audience"], "csv"],
        "audience-take-off": [rows["audience"], rows["contact"]],
        "suppression-lift": [rows["suppression"]],
        **{
            f"text{rest}": [rows["text"]]
            for rest in ("", "-preview", "-save", "-test", "-versions", "-words")
        },
        "text-act": [rows["text"], "copy"],
        "model-rollback": ["roi_mean"],
        **{name: ["churn"] for name in ("model-train", "model-training")},
        "policies-trial": [rows["trial"]],
        "winners-export": ["csv"],
        "winners-like": [proposal],
        **{name: ["roi-forecast"] for name in ("board", "board-small", "board-chart")},
        "board-export": ["roi-forecast", "csv"],
        **{name: ["prediction-purge"] for name in ("schedule-run", "schedule-switch")},
        "entity": ["campaign", rows["campaign"]],
        **{f"inbox-{name}": [rows["conversation"]] for name in _OF_CONVERSATION},
        **{f"inbox-{name}": [rows["theirs"]] for name in ("body", "reading")},
        "inbox-take-back": [rows["ours"]],
        "inbox-file": [rows["attachment"]],
        "inbox-people-decide": [rows["pair"]],
        "inbox-automation-switch": ["question"],
        "inbox-audit-verdict": [rows["audited"]],
        "inbox-hold": [rows["reply"]],
        "inbox-group": [rows["cluster"]],
        "inbox-report-export": ["csv"],
        "inbox-delete-view": [rows["view"]],
        "inbox-chat-save": [rows["site"]],
        "social-read": ["tiktok"],
        "social-advocate-keep": [rows["advocate"]],
        "social-funnel": [rows["answers"]],
        "social-funnel-save": [rows["answers"]],
        "social-funnel-act": [rows["answers"], "off"],
        "social-post-switch": [rows["post"]],
        "entity-propose": ["campaign", rows["campaign"]],
    }


def _forms(rows: dict[str, object]) -> dict[str, dict[str, object]]:
    """What each form says; ids of rows in a form are as good as those in a path."""
    act = {"plan_sha256": rows["sha256"], "why": "Because.", "value": "other", "hours": "1"}
    return {
        **{name: act for name in PAGES if name.startswith("approvals-act")},
        "approvals-bulk": {
            "do": "sign", "confirmed": "yes", "pick": [f"{rows['proposal']}:{rows['sha256']}"],
        },
        "approvals-undo-many": {"pick": [str(rows["proposal"])]},
        "approvals-save-view": {"name": "Mine", "query": "tab=done"},
        "inbox-act": {"do": "close", "pick": [str(rows["conversation"])]},
        "inbox-automation-switch": {"do": "off", "reason": "Odd."},
        "inbox-audit-verdict": {"verdict": "good"},
        "inbox-people-decide": {"do": "confirm"},
        "inbox-groups-sign": {"pick": [f"{rows['reply']}:{rows['sha256']}"]},
        "inbox-groups-undo": {"at": "2026-09-15T10:00:00+00:00"},
        "inbox-save-view": {"name": "Mine", "query": "view=mine"},
        "inbox-chat-save": {"title": "Ask", "team": "support", "language": "en"},
        "inbox-answer": {
            "to": str(rows["theirs"]), "seen": str(rows["theirs"]), "text": "Yes",
        },
        "inbox-preview": {
            "to": str(rows["theirs"]), "seen": str(rows["theirs"]), "text": "Yes",
        },
        "kill-switch": {"do": "pull", "reason": "Odd."},
        "entity-propose": {"change_type": "budget", "value": "1", "reason": "r"},
        "ad-accounts-add": {"connection": str(rows["connection"]), "external_id": "1"},
        "switch-workspace": {"to": str(rows["workspace"])},
        "account-delegate": {"taker": rows["taker"], "until": "2027-01-01"},
        "funnels-first": {"site": str(rows["site"])},
        "model-rollback": {"version": str(rows["model"]), "reason": "Odd."},
        "canary-stop": {"reason": "Odd."},
        "experiment-take-up": {"idea": f"funnel:{rows['advice']}"},
    }  # fmt: skip


def _house(workspace: Workspace, owner: User, viewer: User) -> House:
    now = timezone.now()
    later = now + timedelta(days=1)
    proposal = admin_rows.propose(workspace, "history")
    ad = AdFactory(
        ad_set__campaign__account__workspace=workspace,
        ad_set__campaign__name="Spring of Acme",
        creative=None,
    )
    site = shop(workspace, "Shop of Acme")
    notices.notify(workspace=workspace, users=[owner], topic="t", title="t", dedup_key="k", now=now)
    rows = {
        "workspace": workspace.public_id,
        "proposal": proposal.public_id,
        "sha256": proposal.current_plan.sha256,
        "campaign": ad.campaign.public_id,
        "connection": ConnectionFactory(workspace=workspace, name="Meta of Acme").public_id,
        "invitation": Invitation.objects.create(
            workspace=workspace, email="new@acme.example", invited_by=owner, expires_at=later
        ).pk,
        "delegation": Delegation.objects.create(
            workspace=workspace, giver=viewer, taker=owner, starts_at=now, ends_at=later
        ).pk,
        "notice": Notification.objects.get(user=owner, topic="t").pk,
        "view": SavedView.objects.create(
            workspace=workspace, user=owner, page="approvals", name="Mine", query="tab=done"
        ).pk,
        "policy": SafetyPolicyFactory(workspace=workspace).pk,
        "run": ImportRun.objects.create(
            workspace=workspace, created_by=owner, file_name="a.csv"
        ).public_id,
        "taker": viewer.pk,
        "session": session_of(site, visitor_of(site, now), now).public_id,
        "advice": advice_on(funnel_of(site)).public_id,
        "ad advice": recommendation_of(workspace).public_id,
        "scenario": stored(workspace, owner).public_id,
        "signal": signal_of(workspace).public_id,
        "suggestion": suggestion_of(workspace, title="Plan of Acme").public_id,
        "practice": practice_of(workspace).public_id,
        "text": template_of(workspace, name="Text of Acme").public_id,
        "experiment": draft_of(workspace).public_id,
        "outreach": campaign_of(workspace, name="News of Acme").public_id,
        "message": message_of(contact_of(workspace, first_name="Ann of Acme")).public_id,
        "task": OutreachTask.objects.create(
            workspace=workspace,
            message=message_of(contact_of(workspace, "task@acme.example"), status="pending"),
            reason="assisted",
        ).public_id,
        "halt": Halt.objects.create(
            workspace=workspace, channel="email", reason="Shop of Acme", since=now
        ).pk,
        "model": judged_version(workspace, now).public_id,
        "trial": PolicyTrial.objects.create(
            workspace=workspace,
            asked={"policy": "equal"},
            asked_at=now,
            state="refused",
            why="Shop of Acme",
            finished_at=now,
        ).public_id,
        "advocate": advocate_of(workspace).public_id,
        "answers": answers_of(workspace).public_id,
        "post": post_of(account_of(workspace)).public_id,
        "rule": ensure_rules(workspace=workspace)["ROI drop"].public_id,
    }
    rows |= _inbox(workspace)
    drawn(workspace, now)
    rows |= people_rows(workspace)
    rows |= {"site": site.public_id, "funnel": counted_funnel(workspace, "Way of Acme").public_id}
    return House(workspace, _ids(rows), _forms(rows))


def _inbox(workspace: Workspace) -> dict[str, object]:
    """A conversation with a message of theirs, a file in it and an answer."""
    contact = contact_of(workspace, "inbox@acme.example", first_name="Ann of Acme")
    conversation = conversation_of(workspace, contact=contact, subject="Shop of Acme")
    theirs = response_of(conversation, channel="chat", html="<p>Shop of Acme</p>")
    ours = response_of(
        conversation, channel="chat", direction="out", answers=theirs, delivery="scheduled",
        send_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    file = Attachment.objects.create(
        workspace=workspace, response=theirs, name="Shop of Acme", content_type="x", size=1,
        sha256="0" * 64, held_because="It is held.",
    )  # fmt: skip
    reply = reply_to(theirs, text="Shop of Acme", cluster=uuid4())
    audited = AuditedReply.objects.create(
        workspace=workspace, draft=reply, intent="question", was_auto=False,
        drawn_on=timezone.now().date(),
    )  # fmt: skip
    pair = IdentitySuggestion.objects.create(
        workspace=workspace, first=contact, evidence=["Ann of Acme"],
        second=contact_of(workspace, "bob@acme.example", first_name="Ann of Acme"),
    )  # fmt: skip
    return {
        "pair": pair.public_id,
        "audited": audited.pk, "reply": reply.proposal.public_id, "cluster": reply.cluster,
        "conversation": conversation.public_id, "theirs": theirs.public_id,
        "ours": ours.public_id, "attachment": file.public_id,
    }  # fmt: skip


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
    return _house(workspace, approver, viewer)


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


@pytest.mark.parametrize("role", list(Role))
def test_roles(role, house, request, client_as):
    client = client_as(request.getfixturevalue(str(role)))
    before = digests()

    for name, method, needed in BY_MEMBERSHIP:
        status = _answer(house, client, name, method)
        if Role(role).rank < Role(needed).rank:
            assert status == 403, (name, method, status)
        elif name in PERSONAL:
            assert status in (302, 404), (name, method, status)
        else:
            assert status < 500, (name, method, status)
            assert status not in (401, 403, 404, 405), (name, method, status)

    assert digests() == before


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
    return House(house.workspace, _ids(rows), _forms(rows))


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

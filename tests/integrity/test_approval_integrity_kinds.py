"""Approval integrity: no kind is exempt, and looking changes nothing (A9, A13, A14)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import get_resolver
from django.utils import timezone

from campaigns.models import AdSet
from mlops.models import ModelVersion
from outreach.models import SocialFunnelEntry
from outreach.services.planning.making import plan_campaign
from tests.api.conftest import key_client
from tests.attribution.deal_steps import sold
from tests.campaigns.change_steps import ad_set_in, connected, days, policy_of
from tests.experiments.steps import draft_of, on_site
from tests.inbox.steps import conversation_of, response_of
from tests.integrity import doors
from tests.integrity.digests import digests
from tests.integrity.test_approval_integrity import assert_unsigned
from tests.mlops.registry.steps import version_of
from tests.outreach.launch_steps import email_on, news_to
from tests.outreach.social.steps import account_of, done_of, funnel_of, person_of
from tests.outreach.steps import contact_of
from tests.workspaces.gate_steps import fresh, sign
from tests.workspaces.note_kind import NoteKind, written
from workspaces import gate
from workspaces.gate import Outcome, Proposer
from workspaces.models import (
    Proposal,
    ProposerType,
    Signature,
    Status,
    Workspace,
)
from workspaces.selectors_proposal import detail_of, execution_state
from workspaces.selectors_queue import TABS
from workspaces.selectors_rows import Viewer
from workspaces.services import brake, proposing
from workspaces.views.approvals.actions import ACTIONS

ROOT = Path(settings.BASE_DIR)
PRODUCT = ("workspaces", "campaigns", "attribution", "experiments", "outreach", "inbox", "mlops")


# --- A9: no kind and no channel is exempt ------------------------------------------------------


@pytest.fixture
def ad_set(workspace) -> AdSet:
    """An ad set with a month of figures, whose policy signs nothing by itself."""
    policy_of(workspace)
    found = ad_set_in(connected(workspace))
    days(found.account, [found], until=timezone.now().date() - timedelta(days=1))
    return found


def _ad_change(ad_set: AdSet) -> dict[str, str]:
    return {
        "entity_type": "adset",
        "entity": str(ad_set.public_id),
        "change_type": "budget",
        "value": "105",
    }


def _promotion(ad_set: AdSet) -> dict[str, str]:
    version = version_of(ad_set.workspace, timezone.now())
    return {"model": version.name, "version": str(version.version)}


def _test_start(ad_set: AdSet) -> dict[str, str]:
    test = draft_of(ad_set.workspace)
    on_site(test)
    return {"test": str(test.public_id), "operation": "start"}


def _launch(ad_set: AdSet) -> dict[str, str]:
    """A send of a text that never went out."""
    workspace, now = ad_set.workspace, timezone.now()
    email_on(workspace)
    campaign = news_to(contact_of(workspace), workspace=workspace)
    plan_campaign(campaign=campaign, by=Proposer.rule("test"), now=now)
    return {"campaign": str(campaign.public_id), "operation": "launch"}


def _social_answer(ad_set: AdSet) -> dict[str, str]:
    """An answer of a funnel whose answers are signed."""
    workspace, now = ad_set.workspace, timezone.now()
    account_of(workspace)
    funnel = funnel_of(workspace, needs_approval=True)
    done = done_of(person_of(workspace), "c1", text="How much?", at=now)
    SocialFunnelEntry.objects.create(
        workspace=workspace, funnel=funnel, person=done.person, engagement=done, triggered_at=now,
        reply_due_at=now, dm_due_at=now,
    )  # fmt: skip
    return {
        "funnel": str(funnel.public_id), "engagement": str(done.public_id), "operation": "answer",
    }  # fmt: skip


def _crm_deal(ad_set: AdSet) -> dict[str, str]:
    """The value of a conversion for its deal."""
    return {"conversion": sold(ad_set.workspace).conversion_id}


def _reply(ad_set: AdSet) -> dict[str, str]:
    """An answer to somebody who wrote a mail."""
    email_on(ad_set.workspace)
    asked = response_of(conversation_of(ad_set.workspace))
    return {"answers": str(asked.public_id), "text": "It is on its way."}


# One request of every kind. A kind without one fails the first test below.
REQUESTS: dict[str, Callable[[AdSet], dict[str, str]]] = {
    "ab_test": _test_start,
    "ad_change": _ad_change,
    "crm_deal": _crm_deal,
    "inbox.reply": _reply,
    "model_promotion": _promotion,
    "note": lambda ad_set: {"page": "1", "text": "hello"},
    "outreach.answer": _social_answer,
    "outreach.launch": _launch,
    "stage_values": lambda ad_set: {"template": "ptd_fitness"},
}


def test_a9_every_registered_kind_is_tried_here(note):
    assert {handler.kind for handler in gate.handlers()} == set(REQUESTS)


def _proposers(person) -> dict[str, Proposer]:
    return {
        "person": Proposer.person(person),
        "model": Proposer.model("sampler", "v1"),
        "rule": Proposer.rule("pacing"),
        "key": Proposer(ProposerType.KEY, "key:abc", "integration"),
    }


@pytest.mark.parametrize("channel", ["person", "model", "rule", "key"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_a9_every_kind_from_every_proposer_waits(kind, channel, note, ad_set, admin, now):
    proposal = proposing.propose(
        workspace=ad_set.workspace,
        kind=kind,
        request=REQUESTS[kind](ad_set),
        proposer=_proposers(admin)[channel],
        reason="r",
        now=now,
    )

    assert (proposal.proposer_type, proposal.kind) == (channel, kind)
    assert_unsigned(proposal)
    ad_set.refresh_from_db()
    assert ad_set.daily_budget == 100


@pytest.mark.parametrize("channel", ["page", "rest", "rest_ad_change", "rest_key", "retry"])
def test_a9_every_channel_waits(channel, note, ad_set, operator, admin, workspace, now):
    request = _ad_change(ad_set)
    if channel == "page":
        form = {"workspace": workspace.public_id, "reason": "r", **request}
        doors.browser(operator).post(f"/campaigns/adset/{ad_set.public_id}/propose/", form)
    elif channel == "retry":
        _fail(note, admin, workspace, now)
        failed = fresh(Proposal.objects.get())
        doors.act_on_page(operator, failed, "retry", failed.current_plan.sha256)
    elif channel == "rest_ad_change":
        ours = {**request, "entity_id": request.pop("entity"), "reason": "r"}
        del ours["entity"]
        doors.rest(operator).post("/api/pending-ad-changes/", ours, format="json")
    else:
        key = key_client(workspace, ["changes:propose"])
        client = key if channel == "rest_key" else doors.rest(operator)
        body = {"kind": "ad_change", "request": request, "reason": "r"}
        client.post("/api/proposals/", body, format="json")

    assert_unsigned(Proposal.objects.get(status=Status.PENDING))


def _fail(note: NoteKind, signer, workspace: Workspace, now) -> None:
    note.call = lambda plan: Outcome("refused", "The page is locked.")
    proposal = proposing.propose(
        workspace=workspace, kind="note", request={"page": "1", "text": "hello"}, reason="r",
        proposer=Proposer.rule("pacing"), now=now,
    )  # fmt: skip
    sign(proposal, signer, now)
    doors.run_tasks()
    assert fresh(proposal).status == Status.FAILED


@pytest.mark.parametrize("channel", ["model", "rule", "key"])
def test_a9_what_policy_signs_has_its_signature_on_record(channel, propose, note, admin, workspace):
    note.policy_may_sign = True

    proposal = propose(proposer=_proposers(admin)[channel])

    signature = Signature.objects.get(plan=proposal.current_plan)
    assert (signature.person, signature.policy_version) == (None, "note policy v1")
    doors.run_tasks()
    assert written(workspace) == ["hello"]


def test_a9_policy_signs_nothing_of_a_person(propose, note, admin):
    note.policy_may_sign = True

    proposal = propose(proposer=Proposer.person(admin))

    assert not proposal.current_plan.policy_may_sign
    assert_unsigned(proposal)


# --- A13: a promotion passes the same gate -----------------------------------------------------


@pytest.fixture
def promotion(note: NoteKind, workspace: Workspace, now) -> Proposal:
    """A proposal to promote a model."""
    version = version_of(workspace, now)
    return proposing.propose(
        workspace=workspace,
        kind="model_promotion",
        request={"model": version.name, "version": version.version},
        proposer=Proposer.rule("backtest"),
        reason="It is better.",
        now=now,
    )


def test_a13_task_promotes_nothing_unsigned(promotion, workspace):
    assert_unsigned(promotion)
    assert not ModelVersion.objects.filter(stage="champion").exists()


@pytest.mark.parametrize("door", doors.SIGN)
def test_a13_promotion_needs_its_rank_and_then_runs(door, promotion, operator, approver, workspace):
    sha256 = promotion.current_plan.sha256

    doors.SIGN[door](operator, promotion, sha256)
    assert_unsigned(promotion)
    doors.SIGN[door](approver, promotion, sha256)
    doors.run_tasks()

    assert fresh(promotion).status == Status.EXECUTED
    assert ModelVersion.objects.get(stage="champion").promoted_by == approver


def test_a13_kill_switch_stops_a_promotion_too(promotion, admin, operator, workspace, now):
    sign(promotion, admin, now)
    brake.pull(workspace=workspace, by=operator, reason="Odd.", now=now)

    doors.run_tasks()

    assert fresh(promotion).status == Status.APPROVED
    assert not ModelVersion.objects.filter(stage="champion").exists()


def _modules(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """Modules in which one of the words stands; to parse them all takes seconds."""
    for app in PRODUCT:
        for path in sorted((ROOT / app).rglob("*.py")):
            text = path.read_text()
            if "migrations" not in path.parts and any(word in text for word in words):
                yield str(path.relative_to(ROOT)), ast.parse(text)


def test_a13_only_the_executor_calls_what_takes_effect():
    effects = ("execute", "settle", "attach", "absorb", "read_back")
    calls = {
        (module, node.func.attr)
        for module, tree in _modules(*(f".{effect}" for effect in effects))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in effects
        # What is asked of our own PostgreSQL and Redis.
        and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id in ("cursor", "pipeline")
        )
    }

    assert calls == {
        ("workspaces/services/execution.py", "execute"),
        ("workspaces/services/execution.py", "read_back"),
        ("workspaces/services/proposing.py", "attach"),
        ("workspaces/services/settling.py", "absorb"),
        ("workspaces/services/settling.py", "settle"),
    }


def test_a13_only_the_gates_services_settle_and_start():
    users = {
        module
        for module, tree in _modules("settling", "execution", "claiming")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (
            node.module == "workspaces.services.settling"
            or (
                {"claim", "run", "start_attempts"} & _names(node)
                and node.module in ("workspaces.services.execution", "workspaces.services.claiming")
            )
        )
    }

    assert users == {"workspaces/services/execution.py", "workspaces/services/claiming.py"}


def _names(node: ast.ImportFrom) -> set[str]:
    return {name.name for name in node.names}


def test_a6_only_the_gates_services_write_its_rows():
    writes = {"create", "bulk_create", "update", "bulk_update", "update_or_create", "get_or_create"}
    rows = {"Proposal", "Plan", "Signature", "ExecutionAttempt"}
    writers = {
        module
        for module, tree in _modules(*rows)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in writes
        and rows & {name.id for name in ast.walk(node.func) if isinstance(name, ast.Name)}
    }

    assert writers
    assert {str(Path(module).parent) for module in writers} == {"workspaces/services"}


# --- A14: reading never changes state ----------------------------------------------------------


@pytest.fixture
def gallery(propose, note, ad_set, approver, operator, workspace, now) -> list[Proposal]:
    """Proposals in many states, of both kinds."""
    change = proposing.propose(
        workspace=workspace, kind="ad_change", request=_ad_change(ad_set), reason="r",
        proposer=Proposer.model("sampler", "v1"), now=now,
    )  # fmt: skip
    done = sign(propose(page="done"), approver, now)
    doors.run_tasks()
    signed = sign(propose(page="signed"), approver, now + timedelta(hours=1))
    edited = propose(page="edited")
    proposing.edit(proposal_id=edited.pk, changes={"text": "hey"}, by=approver, now=now)
    stale = propose(page="stale")
    Proposal.objects.filter(pk=stale.pk).update(expires_at=now - timedelta(hours=1))
    rejected = propose(page="rejected")
    doors.signing.reject(
        proposal_id=rejected.pk, plan_sha256=rejected.current_plan.sha256, by=approver, now=now,
        why="No.",
    )  # fmt: skip
    rows = [change, done, signed, edited, stale, rejected]
    assert fresh(done).status == Status.EXECUTED
    return [fresh(row) for row in rows]


def test_a14_get_on_pages_changes_nothing(gallery, approver):
    client = doors.browser(approver)
    query = {"confirmed": "yes", "do": "sign", "pick": [str(gallery[0].public_id)]}
    client.get("/approvals/")  # the first visit of a person
    before = digests()

    for proposal in gallery:
        assert client.get(doors.page_url(proposal), headers=doors.DRAWER).status_code == 200
        fields = {"plan_sha256": proposal.current_plan.sha256, "why": "x", "value": "y"}
        for action in ACTIONS:
            path = doors.page_url(proposal, action)
            assert client.get(path, fields).status_code == 405
    assert client.head(path, fields).status_code == 405
    assert client.get(doors.page_url(gallery[0])).status_code == 200
    for tab in TABS:
        shown = client.get("/approvals/", {"tab": tab}, headers={"HX-Request": "true"})
        assert shown.status_code == 200
    for path in ("changes", "execution/", "undo/"):
        assert client.get(f"/approvals/{path}", {"since": "0"}).status_code < 400
    for path in ("/approvals/bulk/", "/approvals/undo/confirm/", "/kill-switch/"):
        assert client.get(path, query).status_code == 405

    assert digests() == before


SHOWN = (
    "workspaces.proposal", "workspaces.plan", "workspaces.signature",
    "workspaces.executionattempt", "campaigns.pendingadchange",
)  # fmt: skip


def test_a14_get_in_the_admin_changes_nothing(gallery, admin):
    client = doors.browser(admin)
    client.get("/admin/")
    before = digests()

    for label in SHOWN:
        model = apps.get_model(label)
        base = f"/admin/{label.replace('.', '/')}/"
        row = model._default_manager.order_by("-pk")[0]
        pages = ("", "export/", f"{row.pk}/change/", f"{row.pk}/history/")
        codes = [client.get(f"{base}{page}").status_code for page in pages]
        assert codes == [200, 404, 200, 200] or codes == [200, 302, 200, 200], (label, codes)
    pick = {"_selected_action": gallery[0].pk, "confirm": "yes", "why": "x"}
    for action in ("sign_selected", "reject_selected"):
        plan = f"{gallery[0].pk}:{gallery[0].current_plan.sha256}"
        client.get(doors.ADMIN, {"action": action, "plan": plan, **pick})

    assert digests() == before


def _api_gets() -> Iterator[str]:
    for pattern in get_resolver("config.urls_api").url_patterns:
        view = getattr(getattr(pattern, "callback", None), "view_class", None)
        if view is not None and hasattr(view, "get"):
            yield str(pattern.pattern)


def test_a14_get_over_rest_changes_nothing(gallery, admin):
    client = doors.rest(admin)
    client.get("/api/whoami/")
    before = digests()

    for route in _api_gets():
        for proposal in gallery if route.startswith("proposals/<uuid") else gallery[:1]:
            path = re.sub("<uuid:[a-z_]+>", str(proposal.public_id), route)
            path = path.replace("<str:given>", "none")
            # 409: the workspace has neither stage values nor models. 400: nothing was named.
            is_of_named = "assign" in path or path.startswith("ledger/explain")
            allowed = (400,) if is_of_named else (200, 404, 409)
            assert client.get(f"/api/{path}").status_code in allowed
    for action in ("sign", "reject", "withdraw", "cancel", "snooze", "revert"):
        for proposal in gallery:
            fields = {"plan_sha256": proposal.current_plan.sha256}
            assert client.get(doors.api_url(proposal, action), fields).status_code == 405

    assert digests() == before


def test_a14_shell_reading_services_change_nothing(gallery, admin, workspace, now):
    viewer = Viewer(user=admin, rank=gate.Role.ADMIN.rank)
    before = digests()

    for proposal in gallery:
        detail_of(proposal=proposal, viewer=viewer, now=now)
        proposal.current_plan.content["after"] = "evil"
    execution_state(workspace=workspace)

    assert digests() == before

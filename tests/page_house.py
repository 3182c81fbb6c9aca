"""A workspace with a row of everything that a page's path or form names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.urls import reverse
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
from tests.mlops.boards.steps import drawn
from tests.mlops.registry.steps import judged_version
from tests.outreach.people.steps import people_rows
from tests.outreach.social.steps import account_of, advocate_of, post_of
from tests.outreach.social.steps import funnel_of as answers_of
from tests.outreach.steps import campaign_of, contact_of, message_of, template_of
from tests.page_table import PAGES, PROBES
from tests.workspaces.agent_steps import suggestion_of
from tests.workspaces.factories import ConnectionFactory
from workspaces.models import Delegation, Invitation, Notification, SavedView, User, Workspace
from workspaces.services import notices


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


def ids_of(rows: dict[str, object]) -> dict[str, list[object]]:
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


def forms_of(rows: dict[str, object]) -> dict[str, dict[str, object]]:
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


def house_of(workspace: Workspace, owner: User, viewer: User) -> House:
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
    return House(workspace, ids_of(rows), forms_of(rows))


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

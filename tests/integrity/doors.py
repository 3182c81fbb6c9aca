"""The doors of the gate: what a person does at each, with the answer as text.

``SIGN``, ``EDIT``, ``WITHDRAW`` and ``REVERT`` name every door that has the action, so that a test
runs at all of them. A task is a door without a person: ``run_tasks`` opens all of the gate's.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.conftest import key_client
from workspaces import tasks
from workspaces.gate import GateError
from workspaces.middleware import SESSION_KEY
from workspaces.models import Proposal, User
from workspaces.services import proposing, reverting, signing

ADMIN = "/admin/workspaces/proposal/"
DRAWER = {"HX-Request": "true", "HX-Target": "drawer"}


def browser(person: User) -> Client:
    """Browser of a person, in the first workspace that he belongs to."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = person.memberships.order_by("pk")[0].workspace_id
    session.save()
    return client


def rest(person: User) -> APIClient:
    """The same browser, sending JSON."""
    client = APIClient()
    client.cookies = browser(person).cookies
    return client


def api_url(proposal: Proposal, action: str = "") -> str:
    """Address of a proposal, or of an action on it."""
    return f"/api/proposals/{proposal.public_id}/" + (f"{action}/" if action else "")


def page_url(proposal: Proposal, action: str = "") -> str:
    """Page of a proposal, or of an action on it."""
    return f"/approvals/{proposal.public_id}/" + (f"{action}/" if action else "")


def act_on_page(
    person: User, proposal: Proposal, action: str, sha256: str, **fields: object
) -> str:
    """Press a button on the page of a proposal that shows the plan of a hash."""
    form = {"workspace": proposal.workspace.public_id, "plan_sha256": sha256, **fields}
    answer = browser(person).post(page_url(proposal, action), form, headers=DRAWER)
    return html.unescape(answer.text)


def act_over_rest(client: APIClient, proposal: Proposal, action: str, **body: object) -> str:
    """Call an action of the API."""
    return client.post(api_url(proposal, action), body, format="json").text


def in_a_shell(call: Callable[[], object]) -> str:
    """Call a service as a shell does; the answer is the refusal, or nothing."""
    try:
        call()
    except GateError as error:
        return str(error)
    return ""


def sign_via_page(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign in the drawer."""
    return act_on_page(person, proposal, "sign", sha256)


def sign_via_page_bulk(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign a selection of the queue."""
    form = {
        "workspace": proposal.workspace.public_id,
        "do": "sign",
        "confirmed": "yes",
        "pick": [f"{proposal.public_id}:{sha256}"],
    }
    return html.unescape(browser(person).post("/approvals/bulk/", form, follow=True).text)


def sign_via_admin(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign with the admin's action."""
    form = {
        "workspace": proposal.workspace.public_id,
        "action": "sign_selected",
        "_selected_action": [proposal.pk],
        "confirm": "yes",
        "plan": f"{proposal.pk}:{sha256}",
    }
    return html.unescape(browser(person).post(ADMIN, form, follow=True).text)


def sign_via_rest(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign over REST, logged in."""
    return act_over_rest(rest(person), proposal, "sign", plan_sha256=sha256)


def sign_via_key(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign with a key that is bound to the person."""
    client = key_client(proposal.workspace, ["changes:sign"], acts_as=person)
    return act_over_rest(client, proposal, "sign", plan_sha256=sha256)


def sign_via_rest_bulk(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign many over REST."""
    items = [{"id": str(proposal.public_id), "plan_sha256": sha256}]
    return rest(person).post("/api/proposals/bulk-sign/", {"items": items}, format="json").text


def sign_via_shell(person: User, proposal: Proposal, sha256: str) -> str:
    """Sign by the service."""
    return in_a_shell(
        lambda: signing.sign(
            proposal_id=proposal.pk, plan_sha256=sha256, by=person, now=timezone.now()
        )
    )


def edit_via_page(person: User, proposal: Proposal, text: str) -> str:
    """Edit in the drawer, looking at the current plan."""
    proposal.refresh_from_db()
    return act_on_page(person, proposal, "edit", proposal.current_plan.sha256, value=text)


def edit_via_rest(person: User, proposal: Proposal, text: str) -> str:
    """Edit over REST."""
    body = {"request": {"text": text}}
    return rest(person).patch(api_url(proposal), body, format="json").text


def edit_via_shell(person: User, proposal: Proposal, text: str) -> str:
    """Edit by the service."""
    return in_a_shell(
        lambda: proposing.edit(
            proposal_id=proposal.pk, changes={"text": text}, by=person, now=timezone.now()
        )
    )


def withdraw_via_page(person: User, proposal: Proposal) -> str:
    """Take the signature back in the drawer."""
    proposal.refresh_from_db()
    return act_on_page(person, proposal, "withdraw", proposal.current_plan.sha256)


def withdraw_via_rest(person: User, proposal: Proposal) -> str:
    """Take the signature back over REST."""
    return act_over_rest(rest(person), proposal, "withdraw")


def withdraw_via_shell(person: User, proposal: Proposal) -> str:
    """Take the signature back by the service."""
    return in_a_shell(
        lambda: signing.withdraw(proposal_id=proposal.pk, by=person, now=timezone.now())
    )


def revert_via_page(person: User, proposal: Proposal) -> str:
    """Undo in the drawer."""
    proposal.refresh_from_db()
    return act_on_page(person, proposal, "undo", proposal.current_plan.sha256)


def revert_via_page_bulk(person: User, proposal: Proposal) -> str:
    """Undo a selection."""
    form = {"workspace": proposal.workspace.public_id, "pick": [str(proposal.public_id)]}
    return html.unescape(browser(person).post("/approvals/undo/confirm/", form, follow=True).text)


def revert_via_rest(person: User, proposal: Proposal) -> str:
    """Undo over REST."""
    return act_over_rest(rest(person), proposal, "revert")


def revert_via_rest_bulk(person: User, proposal: Proposal) -> str:
    """Undo many over REST."""
    body = {"ids": [str(proposal.public_id)]}
    return rest(person).post("/api/proposals/bulk-revert/", body, format="json").text


def revert_via_shell(person: User, proposal: Proposal) -> str:
    """Undo by the service."""
    return in_a_shell(
        lambda: reverting.revert(proposal_id=proposal.pk, by=person, now=timezone.now())
    )


def run_tasks() -> None:
    """Run every task of the gate, as beat does, with arguments that none of them knows."""
    for task in (
        tasks.execute_due,
        tasks.reap_lapsed,
        tasks.expire_proposals,
        tasks.measure_effects,
    ):
        task(force=True, skip_checks=True, status="approved")


SIGN = {
    "page": sign_via_page,
    "page_bulk": sign_via_page_bulk,
    "admin": sign_via_admin,
    "rest": sign_via_rest,
    "rest_bulk": sign_via_rest_bulk,
    "rest_key": sign_via_key,
    "shell": sign_via_shell,
}
EDIT = {"page": edit_via_page, "rest": edit_via_rest, "shell": edit_via_shell}
WITHDRAW = {"page": withdraw_via_page, "rest": withdraw_via_rest, "shell": withdraw_via_shell}
REVERT = {
    "page": revert_via_page,
    "page_bulk": revert_via_page_bulk,
    "rest": revert_via_rest,
    "rest_bulk": revert_via_rest_bulk,
    "shell": revert_via_shell,
}

"""A conversion told to the CRM: a kind of proposal that sets the amount of its deal in HubSpot.

To set an amount twice is to set it once, and it can be read back. So a call whose answer was lost
is looked at before it is made again, and undoing puts the old amount back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from attribution.hubspot.client import HubSpot
from attribution.hubspot.registry import client_of
from attribution.models import Conversion, Deal
from attribution.services.hubspot_origin import SOURCE
from campaigns.executing import outcome_of
from workspaces import crypto
from workspaces.gate import (
    CheckResult,
    Draft,
    Judgement,
    Outcome,
    PlanView,
    Reading,
    RequestError,
    StateError,
    body_of,
)
from workspaces.models import Connection, ConnectionStatus, ExecutionAttempt, Proposal, Workspace
from workspaces.own_kinds import OwnKind
from workspaces.platforms.errors import ErrorKind, PlatformError

KIND: Final = "crm_deal"
_CENT: Final = Decimal("0.01")


class DealAmountHandler(OwnKind):
    """What a deal of the CRM is worth, by a conversion of ours."""

    kind = KIND
    label = "CRM deal"
    template = "workspaces/_plan_json.html"
    rules = "deal amounts v1"
    row = Deal

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Set the value of a conversion against what our copy of the CRM says."""
        conversion = _conversion(workspace, str(request.get("conversion", "")))
        deal = _deal(workspace, conversion)
        connection = _connection(workspace, deal.portal)
        after = _asked(request.get("amount", conversion.value))
        before = _plain(deal.amount) if deal.amount is not None else ""
        if before == after:
            raise RequestError("conversion", "The deal has this amount already.")
        label = f"Deal {deal.external_id}"
        return Draft(
            subject_key=f"{KIND}:{deal.public_id}",
            subject_label=label,
            summary=f"Set the amount of {label.lower()} in HubSpot to {after} {workspace.currency}",
            body={
                "subject": f"{KIND}:{deal.public_id}", "operation": "set_amount",
                "connection": str(connection.public_id), "deal": deal.external_id,
                "conversion": conversion.conversion_id, "before": before, "after": after,
                "currency": workspace.currency,
            },
        )  # fmt: skip

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        """Nothing: the plan says all that there is."""

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """An approver signs, while there is a connection and consent."""
        checks = [CheckResult("connection", "passed", "HubSpot is connected.")]
        if _open_connection(plan) is None:
            words = "The connection to HubSpot is gone or not active."
            checks = [CheckResult("connection", "blocked", words)]
        told = Conversion.objects.filter(
            workspace=plan.workspace, conversion_id=plan.body["conversion"], has_consent=True
        )
        if not told.exists():
            checks.append(CheckResult("consent", "blocked", "There is no consent any more."))
        return self.judged(*checks)

    def reading(self, plan: PlanView) -> Reading:
        """Look at the deal in HubSpot."""
        try:
            with _portal(plan) as portal:
                found = portal.read_deals([plan.body["deal"]]).deals.get(plan.body["deal"])
        except PlatformError as error:
            return Reading("unknown", error=outcome_of(error))
        if found is None:
            return Reading("other", words="The deal is gone")
        if found.currency and found.currency != plan.body["currency"]:
            return Reading("other", words=f"The deal is kept in {found.currency}")
        live = _plain(found.amount) if found.amount is not None else ""
        words = f"The amount is {live or 'empty'}"
        for state in ("after", "before"):
            if live == plan.body[state]:
                return Reading(state, {"amount": live}, words=words)
        return Reading("other", {"amount": live}, words=words)

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Set amounts, each by a call of its own."""
        return [self._set(plan) for plan in plans]

    def _set(self, plan: PlanView) -> Outcome:
        try:
            with _portal(plan) as portal:
                portal.set_amount(plan.body["deal"], plan.body["after"])
        except PlatformError as error:
            return outcome_of(error)
        return Outcome("applied", self.done(plan))

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        """Nothing: the CRM tells of its deal by itself, as of every other change."""

    def done(self, plan: PlanView) -> str:
        """Say what it holds."""
        return f"The deal has the amount {plan.body['after']} {plan.body['currency']}."

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Nothing of ours is written."""

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether it is the same still."""
        return old == new

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask for the amount that stood before."""
        body = body_of(proposal)
        if not body.get("before"):
            raise StateError("The deal had no amount before; empty it in HubSpot.")
        return {"conversion": body["conversion"], "amount": body["before"]}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Where an amount stood before."""
        return [bool(body_of(row).get("before")) for row in proposals]


def _conversion(workspace: Workspace, name: str) -> Conversion:
    found = Conversion.objects.filter(workspace=workspace, conversion_id=name).first()
    if found is None:
        raise RequestError("conversion", "There is no such conversion here.")
    if not found.has_consent:
        raise RequestError("conversion", "There is no consent to tell others of it.")
    if not found.crm_deal:
        raise RequestError("conversion", "It names no deal of the CRM.")
    if found.currency != workspace.currency:
        raise RequestError("conversion", f"It is in {found.currency}, not {workspace.currency}.")
    return found


def _deal(workspace: Workspace, conversion: Conversion) -> Deal:
    found = Deal.objects.filter(
        workspace=workspace, source=SOURCE, external_id=conversion.crm_deal, merged_into=None,
        deleted_at=None,
    )[:2]  # fmt: skip
    if len(found) != 1:
        raise RequestError("conversion", "Our copy of the CRM has no such deal; sync it first.")
    return found[0]


def _connection(workspace: Workspace, portal: str) -> Connection:
    active = Connection.objects.filter(
        workspace=workspace, kind=SOURCE, status=ConnectionStatus.ACTIVE
    )
    of_portal = [
        one for one in active if crypto.decrypt(one.secret).get("portal_id", portal) == portal
    ]
    if len(of_portal) != 1:
        raise RequestError("conversion", "No connection to the CRM of this deal is active.")
    return of_portal[0]


def _open_connection(plan: PlanView) -> Connection | None:
    return Connection.objects.filter(
        workspace=plan.workspace, public_id=plan.body["connection"], kind=SOURCE,
        status=ConnectionStatus.ACTIVE,
    ).first()  # fmt: skip


@contextmanager
def _portal(plan: PlanView) -> Iterator[HubSpot]:
    connection = _open_connection(plan)
    if connection is None:
        raise PlatformError(ErrorKind.AUTH, "The connection to HubSpot is not active.")
    try:
        secret = crypto.decrypt(connection.secret)
    except crypto.SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    client = client_of(connection, secret)
    try:
        yield client
    finally:
        client.close()


def _asked(value: object) -> str:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise RequestError("amount", "Give a number.") from None
    if not (amount.is_finite() and 0 < amount < Decimal(10) ** 13):
        raise RequestError("amount", "Give an amount above 0.")
    return _plain(amount)


def _plain(amount: Decimal) -> str:
    return str(amount.quantize(_CENT))

"""The safety policy: what holds, what an edit would have done, and every version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import AdAccount, SafetyPolicy
from campaigns.selectors.policies import current_policy
from campaigns.services.policy import (
    EDITABLE,
    confirm_policy,
    draft_policy,
    save_policy,
    withdraw_policy,
)
from campaigns.services.simulating import Simulation, simulate
from campaigns.views.policy_forms import GROUPS, PolicyForm
from workspaces.gate import GateError
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role

_VERSIONS = 30
_SHOWN = 100
_FATES = {
    "auto_approved": "Signed by the policy",
    "one_signature": "One person signs",
    "two_signatures": "Two people sign",
    "deferred": "Waits first",
    "blocked": "Blocked",
}


@dataclass(frozen=True)
class VersionLine:
    """One version, and what it changed against the one before."""

    policy: SafetyPolicy
    changes: list[tuple[str, Any, Any]]
    may_confirm: bool


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.VIEWER)
def policy(request: PageRequest) -> HttpResponse:
    """Show the policy in force; admins try an edit, then save it as a new version."""
    account = _account(request)
    standing = current_policy(workspace=request.workspace, account=account)
    if request.method != "POST":
        return _draw(request, account, standing, _form(request, standing))
    if request.membership.rank < Role.ADMIN.rank:
        return refuse(request, "Setting the safety policy needs the role of admin.", status=403)
    draft = draft_policy(workspace=request.workspace, account=account, values={})
    form = _form(request, draft, is_bound=True)
    if not form.is_valid():
        return _draw(request, account, standing, form, status=400)
    values = {name: form.cleaned_data[name] for name in EDITABLE}
    now = timezone.now()
    try:
        if request.POST.get("do") == "save":
            saved = save_policy(
                workspace=request.workspace,
                account=account,
                values=values,
                by=request.user,
                now=now,
                why=request.POST.get("why", ""),
            )
            return _saved(request, account, saved)
        tried = simulate(workspace=request.workspace, account=account, values=values, now=now)
    except GateError as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error))
        return _draw(request, account, standing, form, status=error.status)
    return _draw(request, account, standing, form, tried=tried)


def _account(request: PageRequest) -> AdAccount | None:
    """The ad account whose own policy is meant; ``None`` for the workspace's."""
    given = request.POST.get("account") or request.GET.get("account")
    if not given:
        return None
    try:
        public_id = UUID(given)
    except ValueError:
        raise Http404("There is no such ad account.") from None
    return get_object_or_404(AdAccount, workspace=request.workspace, public_id=public_id)


def _form(request: PageRequest, instance: SafetyPolicy, *, is_bound: bool = False) -> PolicyForm:
    return PolicyForm(
        request.POST if is_bound else None,
        instance=instance,
        currency=request.workspace.currency,
        is_locked=request.membership.rank < Role.ADMIN.rank,
    )


def _saved(request: PageRequest, account: AdAccount | None, saved: SafetyPolicy) -> HttpResponse:
    if saved.effective_at:
        messages.success(request, f"Version {saved.version} is saved and holds.")
    else:
        messages.warning(
            request,
            f"Version {saved.version} is saved. It allows more than before, so another admin or"
            " approver has to confirm it below.",
        )
    return redirect(_address(account))


def _address(account: AdAccount | None) -> str:
    return f"/policy/?account={account.public_id}" if account else "/policy/"


def _draw(
    request: PageRequest,
    account: AdAccount | None,
    standing: SafetyPolicy,
    form: PolicyForm,
    *,
    tried: Simulation | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": "Safety policy",
        "form": form,
        "account": account,
        "accounts": AdAccount.objects.filter(
            workspace=request.workspace, archived_at=None
        ).order_by("name", "pk"),
        "standing": standing,
        "is_admin": request.membership.rank >= Role.ADMIN.rank,
        "versions": _versions(request, account),
        "tried": tried,
        "compared": _compared(tried) if tried else [],
        "differing": [row for row in tried.rows if row.differs][:_SHOWN] if tried else [],
        "loosens": [_label(name) for name in tried.loosens] if tried else [],
        "fates": _FATES,
        "why": request.POST.get("why", ""),
    }
    return show(request, "campaigns/policy.html", context, status=status)


def _compared(tried: Simulation) -> list[tuple[str, int, int]]:
    return [
        (label, tried.standing.get(fate, 0), tried.edited.get(fate, 0))
        for fate, label in _FATES.items()
    ]


def _versions(request: PageRequest, account: AdAccount | None) -> list[VersionLine]:
    rows = list(
        SafetyPolicy.objects.filter(workspace=request.workspace, account=account)
        .select_related("created_by", "confirmed_by")
        .order_by("-version")[: _VERSIONS + 1]
    )
    may_confirm = has_role(request, Role.APPROVER)
    lines = []
    for place, row in enumerate(rows[:_VERSIONS]):
        before = rows[place + 1] if place + 1 < len(rows) else None
        is_open = row.effective_at is None and row.withdrawn_at is None
        lines.append(
            VersionLine(
                policy=row,
                changes=_changes(before, row) if before else [],
                may_confirm=is_open and may_confirm and row.created_by_id != request.user.pk,
            )
        )
    return lines


def _changes(old: SafetyPolicy, new: SafetyPolicy) -> list[tuple[str, Any, Any]]:
    return [
        (_label(name), getattr(old, name), getattr(new, name))
        for name in EDITABLE
        if getattr(old, name) != getattr(new, name)
    ]


def _label(name: str) -> str:
    for group in GROUPS:
        if name in group.fields:
            return group.fields[name].split(" ({c}")[0]
    return capfirst(name.replace("_", " "))


@require_POST
@page(Role.APPROVER)
def decide(request: PageRequest, policy_id: int, decision: str) -> HttpResponse:
    """Confirm or withdraw a version that waits."""
    version = get_object_or_404(SafetyPolicy, workspace=request.workspace, pk=policy_id)
    services = {"confirm": confirm_policy, "withdraw": withdraw_policy}
    if decision not in services:
        raise Http404("There is no such decision.")
    try:
        services[decision](policy=version, by=request.user, now=timezone.now())
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    done = "holds from now on" if decision == "confirm" else "is withdrawn"
    messages.success(request, f"Version {version.version} {done}.")
    return redirect(_address(version.account))

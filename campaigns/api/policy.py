"""The safety policy over REST: read, change, try on the past, confirm what loosens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import change_serializers as forms
from campaigns.models import AdAccount, SafetyPolicy
from campaigns.selectors.lookup import find_account
from campaigns.selectors.policies import current_policy
from campaigns.services.policy import confirm_policy, save_policy, withdraw_policy
from campaigns.services.simulating import simulate
from workspaces import scopes
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView

TAG = ["Safety policy"]
_SHOWN = 200
_ACCOUNT = OpenApiParameter("ad_account", str, description="Our id, or the platform's.")
_EXAMPLE = OpenApiExample(
    "Tighten the largest change",
    value={"values": {"max_change_pct": "30.00"}, "why": "First week of the new shop."},
    request_only=True,
)


class PolicyView(ApiView):
    """Base: the policy of the workspace, or of one account in it."""

    def account(self, given: Any) -> AdAccount | None:
        """Return the account that was named, if any."""
        return find_account(workspace=self.workspace, given=str(given)) if given else None

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """Check the named fields only."""
        form = forms.PolicyValues(data=given, partial=True)
        if not form.is_valid():
            raise serializers.ValidationError({"values": form.errors})
        return dict(form.validated_data)


class Policy(PolicyView):
    """The policy in force."""

    scopes = {"GET": scopes.CHANGES_READ, "PUT": scopes.WORKSPACE_ADMIN}
    people_only = frozenset({"PUT"})

    @extend_schema(
        tags=TAG,
        operation_id="safety_policy_read",
        summary="Read the safety policy",
        parameters=[_ACCOUNT],
        responses=forms.StandingOut,
    )
    def get(self, request: Request) -> Response:
        """Show the version in force, and one that waits for a second person."""
        account = self.account(request.query_params.get("ad_account"))
        waiting = SafetyPolicy.objects.filter(
            workspace=self.workspace, account=account, effective_at=None, withdrawn_at=None
        ).select_related("created_by", "confirmed_by", "account")
        shown = {
            "policy": current_policy(workspace=self.workspace, account=account),
            "waiting": waiting.order_by("-version").first(),
        }
        return Response(forms.StandingOut(shown).data)

    @extend_schema(
        tags=TAG,
        operation_id="safety_policy_save",
        summary="Change the safety policy",
        request=forms.PolicyIn,
        responses={200: forms.PolicyOut, 202: forms.PolicyOut},
        examples=[_EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        """Save a new version. One that loosens a limit waits for a second person (202)."""
        body = self.read(forms.PolicyIn)
        saved = save_policy(
            workspace=self.workspace,
            account=self.account(body.get("ad_account")),
            values=self.values(body["values"]),
            why=body["why"],
            by=self.caller.person,
            now=self.now,
        )
        code = status.HTTP_200_OK if saved.effective_at else status.HTTP_202_ACCEPTED
        return Response(forms.PolicyOut(saved).data, status=code)


class PolicySimulation(PolicyView):
    """An edited policy, tried on the past."""

    scopes = {"POST": scopes.CHANGES_READ}

    @extend_schema(
        tags=TAG,
        operation_id="safety_policy_simulate",
        summary="Try an edited policy on past proposals",
        request=forms.SimulateIn,
        responses=forms.SimulationOut,
    )
    def post(self, request: Request) -> Response:
        """Judge the last weeks' proposals again. Writes nothing, so it needs no repeat key."""
        body = self.read(forms.SimulateIn)
        found = simulate(
            workspace=self.workspace,
            account=self.account(body.get("ad_account")),
            values=self.values(body["values"]),
            days=body["days"],
            now=self.now,
        )
        shown = {
            "standing": found.standing,
            "edited": found.edited,
            "loosens": found.loosens,
            "is_cut": found.is_cut,
            "differing": [row for row in found.rows if row.differs][:_SHOWN],
        }
        return Response(forms.SimulationOut(shown).data)


def _decision(name: str, words: str, call: Any) -> type[PolicyView]:
    """View of a second person's word on a version that loosens."""

    class Decide(PolicyView):
        scopes = {"POST": scopes.CHANGES_SIGN}
        people_only = frozenset({"POST"})

        @extend_schema(
            tags=TAG,
            operation_id=f"safety_policy_{name}",
            summary=words,
            request=forms.DecideIn,
            responses=forms.PolicyOut,
        )
        @once
        def post(self, request: Request) -> Response:
            body = self.read(forms.DecideIn)
            policy = get_object_or_404(
                SafetyPolicy.objects.filter(workspace=self.workspace).select_related("workspace"),
                account=self.account(body.get("ad_account")),
                version=body["version"],
            )
            decided = call(policy=policy, by=self.caller.person, now=self.now)
            return Response(forms.PolicyOut(decided).data)

    Decide.__name__ = f"Policy{name.title()}"
    Decide.__doc__ = words
    return Decide


PolicyConfirm = _decision("confirm", "Confirm a policy that loosens", confirm_policy)
PolicyWithdraw = _decision("withdraw", "Drop a policy that waits", withdraw_policy)

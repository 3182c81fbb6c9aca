"""What campaigns brings to the ground floor: platforms to connect, first policy, first steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from django.conf import settings
from django.urls import reverse_lazy

from campaigns.models import AdAccount, DailyPerformance, SafetyPolicy
from campaigns.platforms.registry import build
from campaigns.services.alerts.rules import first_rules
from campaigns.services.channels import first_channels
from workspaces.hooks import (
    ConnectionTestError,
    SecretField,
    StartStep,
    on_workspace_created,
    register_connection_kind,
    register_start_step,
)
from workspaces.models import Connection, User, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.roles import Role

_ACCOUNT = SecretField(
    "account_id", "Ad account id", "The account to try the connection with, digits only."
)
KINDS: dict[str, tuple[str, tuple[SecretField, ...]]] = {
    "meta": (
        "Meta",
        (
            SecretField(
                "access_token", "Access token", "A system user's token with ads_management."
            ),
            _ACCOUNT,
            SecretField(
                "conversion_action",
                "Conversion action",
                "The one action type that counts, e.g. lead or omni_purchase.",
                is_required=False,
            ),
            SecretField("app_secret", "App secret", "Signs its webhooks.", is_required=False),
            SecretField("previous_app_secret", "Previous app secret", is_required=False),
            SecretField("verify_token", "Verify token of webhooks", is_required=False),
        ),
    ),
    "google": (
        "Google Ads",
        (
            SecretField("client_id", "OAuth client id"),
            SecretField("client_secret", "OAuth client secret"),
            SecretField("refresh_token", "Refresh token"),
            SecretField("developer_token", "Developer token"),
            _ACCOUNT,
            SecretField("login_customer_id", "Manager account id", is_required=False),
        ),
    ),
    "tiktok": (
        "TikTok",
        (
            SecretField("access_token", "Access token"),
            _ACCOUNT,
            SecretField("conversion_metric", "Conversion metric", is_required=False),
            SecretField("revenue_metric", "Revenue metric", is_required=False),
        ),
    ),
    "linkedin": (
        "LinkedIn",
        (
            SecretField(
                "access_token",
                "Access token",
                "With r_ads and r_ads_reporting; to tell it conversions also rw_conversions.",
            ),
            _ACCOUNT,
            SecretField(
                "api_version",
                "API version",
                "Year and month, such as 202609; LinkedIn retires each after about a year.",
                is_required=False,
            ),
            SecretField(
                "conversion_metric",
                "Conversion metric",
                "externalWebsiteConversions, or oneClickLeads for lead forms.",
                is_required=False,
            ),
            SecretField("revenue_metric", "Revenue metric", is_required=False),
        ),
    ),
}


def register() -> None:
    """Called once, when the app is ready."""
    for kind, (label, fields) in KINDS.items():
        register_connection_kind(kind, label, fields, try_connection)
    on_workspace_created(first_policy)
    on_workspace_created(first_channels)
    on_workspace_created(first_rules)
    register_start_step(
        StartStep(
            key="import",
            title="Bring in performance",
            text="Connect an ad account, or import a report from any platform.",
            url=cast("str", reverse_lazy("campaigns-imports")),
            is_done=lambda workspace: DailyPerformance.objects.filter(workspace=workspace).exists(),
            position=30,
            role=Role.OPERATOR,
        )
    )
    register_start_step(
        StartStep(
            key="policy",
            title="Look at the safety policy",
            text="The defaults are careful. See what they hold back before the first change.",
            url=cast("str", reverse_lazy("policy")),
            is_done=_has_looked_at_policy,
            position=40,
        )
    )


def _has_looked_at_policy(workspace: Workspace) -> bool:
    return SafetyPolicy.objects.filter(workspace=workspace, version__gt=1).exists()


def try_connection(connection: Connection, secret: Mapping[str, str]) -> str:
    """Read the ad account that the secret names; what was found, in a sentence."""
    account_id = secret.get("account_id") or _known_account(connection)
    if not account_id:
        raise ConnectionTestError("Enter the id of an ad account to try the connection with.")
    try:
        adapter = build(
            connection.kind,
            credentials=secret,
            base_url=connection.base_url or None,
            allow_loopback=settings.ALLOW_SANDBOX,
        )
        state = adapter.read_account(account_id)
        adapter.close()
    except PlatformError as error:
        raise ConnectionTestError(
            error.message, needs_login=error.kind == ErrorKind.AUTH
        ) from error
    return f"{state.name} answers, in {state.currency}, {state.timezone}."


def _known_account(connection: Connection) -> str:
    known = AdAccount.objects.filter(connection=connection).order_by("pk").first()
    return known.external_id if known else ""


def first_policy(workspace: Workspace, by: User, now: datetime) -> None:
    """Start every workspace with the careful defaults as version 1."""
    SafetyPolicy.objects.create(
        workspace=workspace,
        version=1,
        why="The defaults.",
        created_by=by,
        created_at=now,
        effective_at=now,
    )

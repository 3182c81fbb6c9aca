"""How the API describes itself."""

from __future__ import annotations

from typing import Any, Final

DESCRIPTION: Final[dict[str, Any]] = {
    "TITLE": "Countersign API",
    "DESCRIPTION": "Machines propose, people countersign.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    # Fields of one name with several sets of choices.
    "ENUM_NAME_OVERRIDES": {
        "ProposalStatus": "workspaces.models.Status",
        "ConnectionStatus": "workspaces.models.ConnectionStatus",
        "DeliveryStatus": "campaigns.models.DeliveryStatus",
        "WebhookFormat": "workspaces.models.WebhookFormat",
        "CreativeFormat": "campaigns.models.CreativeFormat",
        "AttributionMethod": "attribution.models.AttributionMethod",
        "AdviceKind": "attribution.models.AdviceKind",
        "JobState": "workspaces.models.JobState",
        "ModelStage": "mlops.models.ModelStage",
        "CanaryOutcome": "mlops.models.CanaryOutcome",
        "OutcomeEnum": "attribution.models.StageOutcome",
        "RiskLevel": "workspaces.models.Risk",
        "FunnelMatcherKind": "attribution.engine.funnel_definition.KINDS",
        "FunnelStage": "attribution.models.FunnelStage",
        "AlertType": "campaigns.models.AlertType",
        "AlertSeverity": "campaigns.models.AlertSeverity",
        "AlertMetric": "campaigns.models.AlertMetric",
        "AlertOperator": "campaigns.models.AlertOperator",
        "SignalType": "campaigns.models.SignalType",
        "SignalSeverity": "campaigns.models.SignalSeverity",
        "ABTestStatus": "experiments.models.ABTestStatus",
        "ABTestType": "experiments.models.ABTestType",
        "ABTestMode": "experiments.models.Mode",
        "ABTestMethod": "experiments.models.Method",
        "CustomerType": "attribution.models.CustomerType",
        "MessageChannel": "outreach.models.MessageChannel",
        "MessagePurpose": "outreach.models.Purpose",
        "ConsentSource": "outreach.models.ConsentSource",
        "SuppressionReason": "outreach.models.SuppressionReason",
        "AudienceKind": "outreach.models.AudienceKind",
        "RollOutState": "experiments.models.RollOutState",
    },
}

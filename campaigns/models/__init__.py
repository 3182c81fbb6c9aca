"""Tables of the campaigns app."""

from campaigns.models.alerts import (
    Alert,
    AlertBasis,
    AlertMetric,
    AlertOperator,
    AlertResolution,
    AlertRule,
    AlertScope,
    AlertSeverity,
    AlertType,
)
from campaigns.models.changes import AdChangeHistory, ChangeType, EntityType, PendingAdChange
from campaigns.models.channels import ChannelKind, DailyOrganicMetric, MarketingChannel
from campaigns.models.entities import (
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    Creative,
    CreativeFormat,
    DeliveryStatus,
    LearningStatus,
    LifeState,
    Platform,
)
from campaigns.models.imports import ImportMapping, ImportRow, ImportRun
from campaigns.models.performance import DailyPerformance, Level
from campaigns.models.policy import SafetyPolicy
from campaigns.models.predictions import Prediction, PredictionRisk
from campaigns.models.recommendations import Recommendation, RecommendationSending
from campaigns.models.reports import (
    CampaignActivitySummary,
    RecentBudgetChange,
    SafetyCheckFailure,
)
from campaigns.models.scenarios import ResponseFit, Scenario, ScenarioSending
from campaigns.models.signals import Resolution, Signal, SignalSeverity, SignalType

__all__ = [
    "Ad",
    "AdAccount",
    "AdChangeHistory",
    "AdSet",
    "Alert",
    "AlertBasis",
    "AlertMetric",
    "AlertOperator",
    "AlertResolution",
    "AlertRule",
    "AlertScope",
    "AlertSeverity",
    "AlertType",
    "Campaign",
    "CampaignActivitySummary",
    "ChangeType",
    "ChannelKind",
    "Creative",
    "CreativeFormat",
    "DailyOrganicMetric",
    "DailyPerformance",
    "DeliveryStatus",
    "EntityType",
    "ImportMapping",
    "ImportRow",
    "ImportRun",
    "LearningStatus",
    "Level",
    "LifeState",
    "MarketingChannel",
    "PendingAdChange",
    "Platform",
    "Prediction",
    "PredictionRisk",
    "RecentBudgetChange",
    "Recommendation",
    "RecommendationSending",
    "Resolution",
    "ResponseFit",
    "SafetyCheckFailure",
    "SafetyPolicy",
    "Scenario",
    "ScenarioSending",
    "Signal",
    "SignalSeverity",
    "SignalType",
]

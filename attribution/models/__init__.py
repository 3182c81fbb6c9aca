"""Tables of the attribution app."""

from attribution.models.click_reports import (
    ActiveClick,
    AttributionRecoveryRate,
    ConversionAttributionSummary,
    UnattributedConversion,
)
from attribution.models.clicks import (
    AttemptTrigger,
    AttributionAttempt,
    AttributionMethod,
    Click,
    Conversion,
    CustomerType,
    LayerOutcome,
    ValueKind,
)
from attribution.models.credits import (
    AttributionCredit,
    AttributionModel,
    AttributionRun,
    ChannelPerformance,
    CreditLevel,
    Method,
)
from attribution.models.crm import (
    AdPipelineValue,
    CrmSync,
    Deal,
    QuarantinedAd,
    StageChange,
    StageMapping,
)
from attribution.models.identity import Identifier, IdentifierKind, IdentityMerge, Person
from attribution.models.journeys import (
    Channel,
    Journey,
    JourneyTouch,
    TouchKind,
    Touchpoint,
    channel_label,
)
from attribution.models.outgoing import (
    BackPlatform,
    ConversionDestination,
    OutgoingConversion,
    OutgoingName,
    OutgoingState,
)
from attribution.models.policy import AttributionPolicy, FingerprintSalt
from attribution.models.reports import StageValue, SyntheticRevenueSummary
from attribution.models.revenue import (
    PipelineStage,
    StageOutcome,
    StageValueChange,
    SyntheticRevenueConfig,
)

__all__ = [
    "ActiveClick",
    "AdPipelineValue",
    "AttemptTrigger",
    "AttributionAttempt",
    "AttributionCredit",
    "AttributionMethod",
    "AttributionModel",
    "AttributionPolicy",
    "AttributionRecoveryRate",
    "AttributionRun",
    "BackPlatform",
    "Channel",
    "ChannelPerformance",
    "Click",
    "Conversion",
    "ConversionAttributionSummary",
    "ConversionDestination",
    "CreditLevel",
    "CrmSync",
    "CustomerType",
    "Deal",
    "FingerprintSalt",
    "Identifier",
    "IdentifierKind",
    "IdentityMerge",
    "Journey",
    "JourneyTouch",
    "LayerOutcome",
    "Method",
    "OutgoingConversion",
    "OutgoingName",
    "OutgoingState",
    "Person",
    "PipelineStage",
    "QuarantinedAd",
    "StageChange",
    "StageMapping",
    "StageOutcome",
    "StageValue",
    "StageValueChange",
    "SyntheticRevenueConfig",
    "SyntheticRevenueSummary",
    "TouchKind",
    "Touchpoint",
    "UnattributedConversion",
    "ValueKind",
    "channel_label",
]

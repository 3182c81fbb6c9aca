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
    AttributionPolicy,
    Click,
    Conversion,
    CustomerType,
    FingerprintSalt,
    LayerOutcome,
    ValueKind,
)
from attribution.models.crm import (
    AdPipelineValue,
    Deal,
    QuarantinedAd,
    StageChange,
    StageMapping,
)
from attribution.models.identity import Identifier, IdentifierKind, IdentityMerge, Person
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
    "AttributionMethod",
    "AttributionPolicy",
    "AttributionRecoveryRate",
    "Click",
    "Conversion",
    "ConversionAttributionSummary",
    "CustomerType",
    "Deal",
    "FingerprintSalt",
    "Identifier",
    "IdentifierKind",
    "IdentityMerge",
    "LayerOutcome",
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
    "UnattributedConversion",
    "ValueKind",
]

"""Shapes of what goes in and comes out, as JSON carries them.

Written by client/generate.py from the OpenAPI document; change that, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


ABTestMethod: TypeAlias = Literal["fixed", "always_valid", "bayesian"]


ABTestMode: TypeAlias = Literal["split", "bandit"]


ABTestStatus: TypeAlias = Literal["draft", "pending_start", "running", "paused", "completed", "winner_declared"]


ABTestType: TypeAlias = Literal["button", "copy", "subject_line", "send_time", "layout", "cta", "image", "personalization"]


AddWinnerOutStatusEnum: TypeAlias = Literal["added", "updated", "unchanged"]


AdviceKind: TypeAlias = Literal["worst_step", "segment_gap", "slow_step", "landing_bounce"]


AdvocateTier: TypeAlias = Literal["bronze", "silver", "gold", "platinum"]


AlertMetric: TypeAlias = Literal["roas", "cpa", "ctr", "cvr", "engagement_rate", "spend", "conversions", "impressions_per_hour", "total_budget_used", "daily_budget_used", "prediction_error", "disapproved_ads"]


AlertOperator: TypeAlias = Literal["lt", "lte", "gt", "gte"]


AlertSeverity: TypeAlias = Literal["info", "low", "medium", "high", "critical"]


AlertType: TypeAlias = Literal["roi_drop", "cost_spike", "low_conversion", "anomaly", "engagement_drop", "budget_overrun", "channel_underperform", "roas_low", "roas_watch", "low_delivery", "budget_exhausted", "cpa_high", "ad_disapproved", "ctr_drop", "conversion_surge", "prediction_error", "custom"]


AssignedOutReasonEnum: TypeAlias = Literal["assigned", "known", "forced", "withdrawn", "holdout", "layer", "traffic", "targeting"]


AttributionMethod: TypeAlias = Literal["url_parameter", "identity", "fingerprint", "probabilistic", "unattributed"]


AudienceKind: TypeAlias = Literal["rules", "list"]


BasisEnum: TypeAlias = Literal["absolute", "own_mean", "peer_mean"]


BestPracticeOutCategoryEnum: TypeAlias = Literal["copy", "cta", "timing", "follow_up", "layout", "audience", "format"]


BestPracticeOutSourceEnum: TypeAlias = Literal["ab_test", "external_research", "platform_api", "llm_knowledge"]


BestPracticeOutStateEnum: TypeAlias = Literal["hypothesis", "to_test", "supported", "validated", "review", "rejected", "deprecated"]


BlankEnum: TypeAlias = Literal[""]


ByEnum: TypeAlias = Literal["channel", "country", "week"]


CallerEnum: TypeAlias = Literal["person", "integration", "agent"]


CanaryOutcome: TypeAlias = Literal["serves", "harmed", "stopped"]


ChangeTypeEnum: TypeAlias = Literal["budget", "status", "bid"]


ClickOutStatusEnum: TypeAlias = Literal["tracked", "already_tracked"]


ConnectionStatus: TypeAlias = Literal["active", "paused", "needs_login", "stopped"]


ConsentEnum: TypeAlias = Literal["column", "all"]


ConsentSource: TypeAlias = Literal["form", "import", "api", "preferences", "unsubscribe", "stop", "complaint", "provider", "person"]


ContactImportInChannelEnum: TypeAlias = Literal["email", "sms", "both"]


ContactImportState: TypeAlias = Literal["uploaded", "checking", "checked", "writing", "done", "failed"]


CreativeFormat: TypeAlias = Literal["video", "image", "carousel", "native"]


CrmDataOutStatusEnum: TypeAlias = Literal["ingested", "partly_ingested"]


CustomerType: TypeAlias = Literal["new", "returning", "existing"]


DashboardTypeEnum: TypeAlias = Literal["roi_forecast", "roi_timeseries", "reach_ctr_timeseries", "budget_recommendations"]


DecayFormEnum: TypeAlias = Literal["frequency", "impressions"]


DeliveryStatus: TypeAlias = Literal["active", "paused", "archived", "removed"]


DeviceTypeEnum: TypeAlias = Literal["ios", "android", "other"]


EffectEnum: TypeAlias = Literal["good", "bad", "none"]


EndReasonEnum: TypeAlias = Literal["winner", "futility", "harm", "time_up", "person"]


EngagementKind: TypeAlias = Literal["like", "profile_visit", "comment", "mention", "tag", "share", "repost", "save"]


EntityTypeEnum: TypeAlias = Literal["campaign", "adset", "ad"]


EventInTypeEnum: TypeAlias = Literal["page_view", "click", "form_submit", "scroll", "engagement", "custom", "identify"]


FeedbackOutStatusEnum: TypeAlias = Literal["recorded", "already_recorded"]


FromEnum: TypeAlias = Literal["you", "us"]


FunnelInModeEnum: TypeAlias = Literal["ordered", "loose", "strict"]


FunnelMatcherKind: TypeAlias = Literal["page", "event"]


FunnelOutModeEnum: TypeAlias = Literal["ordered", "strict"]


FunnelStage: TypeAlias = Literal["browsing", "home", "product", "cart", "checkout", "conversion"]


IgnoranceRuleEnum: TypeAlias = Literal["or", "and"]


InboxChannel: TypeAlias = Literal["email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat", "comment"]


InboxConversationStatus: TypeAlias = Literal["open", "waiting", "snoozed", "closed"]


InboxDirection: TypeAlias = Literal["in", "out"]


InboxIntent: TypeAlias = Literal["purchase", "question", "objection", "complaint", "compliment", "feedback", "unsubscribe", "spam", "other"]


InboxPosture: TypeAlias = Literal["auto", "draft_only", "off"]


InboxResponseStatus: TypeAlias = Literal["new", "assigned", "in_progress", "ai_draft_ready", "awaiting_approval", "approved", "sent", "closed", "archived"]


InboxTeam: TypeAlias = Literal["sales", "support", "success"]


IndexEnum: TypeAlias = Literal["exact", "hnsw"]


InsightPeriod: TypeAlias = Literal["daily", "weekly", "monthly"]


InsightType: TypeAlias = Literal["audience", "content", "timing"]


InstallInSourceEnum: TypeAlias = Literal["paid", "organic"]


JobState: TypeAlias = Literal["queued", "active", "completed", "failed", "retry", "expired"]


KeyOutKindEnum: TypeAlias = Literal["integration", "agent"]


KnownEnum: TypeAlias = Literal["replace", "fill", "skip"]


LearningModeEnum: TypeAlias = Literal["block", "warning"]


LearningStatusEnum: TypeAlias = Literal["learning", "stable", "limited", "unknown"]


LifeStateEnum: TypeAlias = Literal["learning", "active", "fatigued", "paused"]


LifecycleStageEnum: TypeAlias = Literal["engaged", "lead", "customer", "at_risk"]


MessageChannel: TypeAlias = Literal["email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat"]


MessagePurpose: TypeAlias = Literal["marketing", "service"]


MessageUrgency: TypeAlias = Literal["urgent", "normal", "low"]


ModelCardOutFormatEnum: TypeAlias = Literal["safetensors", "xgboost-json", "json"]


ModelStage: TypeAlias = Literal["challenger", "shadow", "champion", "archived"]


NullEnum: TypeAlias = None


OpEnum: TypeAlias = Literal["eq", "ne", "contains", "gt", "gte", "lt", "lte", "exists"]


OutcomeEnum: TypeAlias = Literal["open", "won", "lost"]


OutcomeOutStateEnum: TypeAlias = Literal["not_sent", "waiting", "accepted", "partly_accepted", "rejected"]


OutreachCampaignStatus: TypeAlias = Literal["draft", "awaiting_approval", "active", "paused", "completed"]


OutreachCampaignType: TypeAlias = Literal["newsletter", "promotion", "customer_service", "sequence"]


PlatformEnum: TypeAlias = Literal["meta", "google", "tiktok", "linkedin", "microsoft", "other"]


ProposalStatus: TypeAlias = Literal["pending", "approved", "executing", "executed", "failed", "rejected", "expired", "superseded", "cancelled", "reverted"]


ProposerOutTypeEnum: TypeAlias = Literal["person", "model", "rule", "key"]


QueuedOutStatusEnum: TypeAlias = Literal["queued"]


RankRequiredEnum: TypeAlias = Literal["viewer", "agent", "operator", "approver", "admin"]


RecommendationOutDecisionEnum: TypeAlias = Literal["kill", "scale", "maintain"]


ReplyTemplateCategory: TypeAlias = Literal["faq", "objection_handling", "follow_up"]


RiskLevel: TypeAlias = Literal["high", "medium", "low"]


RoleEnum: TypeAlias = Literal["primary", "secondary", "guardrail"]


RollOutState: TypeAlias = Literal["rolling", "holding", "paused", "finished", "reverted"]


ScopeEnum: TypeAlias = Literal["campaign", "channel"]


SelectInModeEnum: TypeAlias = Literal["pipeline", "direct"]


SendOutcome: TypeAlias = Literal["scheduled", "queued", "duplicate", "frequency_cap", "budget_exceeded", "daily_budget_exceeded", "daily_limit_reached", "no_viable_channel", "no_consent", "suppressed", "outside_window", "failed"]


SendPlanStatus: TypeAlias = Literal["building", "ready", "active", "done", "halted", "superseded"]


SignalSeverity: TypeAlias = Literal["info", "warning", "critical"]


SignalType: TypeAlias = Literal["creative_breakthrough", "creative_fatigue", "audience_exhausted", "viral_moment", "competitor_launch", "budget_overrun", "budget_underrun", "synergy_detected", "platform_drift"]


SignatureOutDecisionEnum: TypeAlias = Literal["approve", "reject"]


SocialPlatform: TypeAlias = Literal["instagram", "facebook", "linkedin", "twitter", "tiktok"]


StepCondition: TypeAlias = Literal["always", "opened", "not_opened", "clicked", "not_clicked", "replied", "converted", "segment"]


SuggestionOutTypeEnum: TypeAlias = Literal["segment_opportunity", "churn_prevention", "funnel_optimization", "ab_test_winner", "budget_change"]


SuppressionReason: TypeAlias = Literal["unsubscribe", "bounce", "complaint", "manual"]


SurfaceEnum: TypeAlias = Literal["website", "message", "ad"]


TemplateCategory: TypeAlias = Literal["marketing", "utility", "authentication", "service"]


TemplateMarkup: TypeAlias = Literal["none", "html", "mjml"]


TemplateStatus: TypeAlias = Literal["draft", "active", "archived"]


TextFindingOutSeverityEnum: TypeAlias = Literal["error", "warning", "hint"]


TextVariableInTypeEnum: TypeAlias = Literal["text", "number", "money", "date", "url", "list"]


UnitEnum: TypeAlias = Literal["money", "count", "percent", "ratio", "days"]


ValueKindEnum: TypeAlias = Literal["cash", "synthetic"]


WebEventOutCategoryEnum: TypeAlias = Literal["engagement", "conversion", "navigation"]


WebEventOutTypeEnum: TypeAlias = Literal["page_view", "click", "form_submit", "scroll", "engagement", "custom", "identify"]


WebhookFormat: TypeAlias = Literal["standard", "slack"]


WebsiteAdviceOutStatusEnum: TypeAlias = Literal["pending", "accepted", "rejected", "implemented"]


WorkspaceOutModeEnum: TypeAlias = Literal["direct", "pipeline"]


class ABComparisonOut(TypedDict):
    """A variant against the control."""

    effect: float
    ci_low: float
    ci_high: float
    p_value: float | None
    chance_to_win: float
    risk_ship: float
    risk_keep: float
    method: ABTestMethod
    not_computable: str | None


class ABResultsOut(TypedDict):
    """What came of a test so far."""

    test: str
    status: ABTestStatus
    days: int
    newest_day: str | None
    is_shown: bool
    split: ABSplitOut
    causes: list[CauseOut]
    metrics: list[MetricResultOut]
    decision: DecisionOut | None
    words: str
    weighted: list[WeightedOut]
    series: SeriesOut
    segments: list[SegmentOut]
    roll_outs: list[ABRollOutOut]


class ABRollOutOut(TypedDict):
    """A winner on its way to everybody."""

    variant: str
    state: RollOutState
    share: int
    holdback: int
    started_at: str
    next_step_at: str | None
    ended_at: str | None
    reason: str
    claimed: float | None
    claimed_low: float | None
    claimed_high: float | None
    realised: float | None
    realised_low: float | None
    realised_high: float | None


class ABSplitOut(TypedDict):
    """Who met which variant."""

    arms: list[ArmUnitsOut]
    p_value: float | None
    is_mismatch: bool
    has_moved: bool


class ABTestInRequest(TypedDict):
    """A new draft; what is not said is what the workspace usually does."""

    name: str
    key: NotRequired[str]
    hypothesis: NotRequired[str]
    type: NotRequired[ABTestType]
    surface: NotRequired[SurfaceEnum]
    channel: NotRequired[str]
    targeting: NotRequired[dict[str, Any]]
    traffic: NotRequired[int]
    layer: NotRequired[str | None]
    layer_from: NotRequired[int]
    layer_to: NotRequired[int]
    mode: NotRequired[ABTestMode]
    method: NotRequired[ABTestMethod]
    alpha_bp: NotRequired[int]
    power_bp: NotRequired[int]
    minimum_effect_bp: NotRequired[int]
    planned_units: NotRequired[int | None]
    min_days: NotRequired[int]
    max_days: NotRequired[int]
    holdback: NotRequired[int]
    planned_for: NotRequired[str | None]
    website: NotRequired[PlaceInRequest | None]
    variants: NotRequired[list[VariantInRequest]]
    metrics: NotRequired[list[PartInRequest]]


class ABTestOut(TypedDict):
    """A test."""

    id: str
    key: str
    name: str
    hypothesis: str
    status: ABTestStatus
    type: ABTestType
    surface: SurfaceEnum
    channel: str
    targeting: Any
    traffic: int
    layer: NotRequired[str | None]
    layer_from: int
    layer_to: int
    mode: ABTestMode
    method: ABTestMethod
    alpha_bp: int
    power_bp: int
    minimum_effect_bp: int
    planned_units: int | None
    min_days: int
    max_days: int
    holdback: int
    planned_for: str | None
    website: NotRequired[PlaceOut | None]
    variants: list[dict[str, Any]]
    metrics: list[PartOut]
    decision_rule: Any
    origin: str
    created_by: str
    created_at: str
    started_at: str | None
    paused_at: str | None
    ended_at: str | None
    end_reason: EndReasonEnum | BlankEnum
    winner: NotRequired[str | None]


class AccountInRequest(TypedDict):
    """An account without a connection: its figures come by import, its changes by hand."""

    platform: PlatformEnum
    external_id: str
    name: str
    currency: str
    time_zone: NotRequired[str]


class AccountOut(TypedDict):
    """An ad account."""

    id: str
    platform: PlatformEnum
    external_id: str
    name: str
    currency: str
    time_zone: str
    status: DeliveryStatus
    summing_level: str
    has_usable_conversions: bool
    data_source: str
    connection: NotRequired[str | None]
    last_sync_at: str | None
    last_sync_error: str
    created_at: str


class ActionInRequest(TypedDict):
    """What an agent wants done."""

    action_type: str
    parameters: NotRequired[dict[str, Any]]
    reason: str


class ActionOut(TypedDict):
    """What was made of it: a proposal that waits, or a draft at `url` that a person finishes"""

    action_type: str
    label: str
    proposal: NotRequired[str | None]
    url: str


class AdInRequest(TypedDict):
    """A new ad."""

    external_id: str
    name: str
    status: NotRequired[DeliveryStatus]
    ad_set: str
    creative: NotRequired[str | None]


class AdOut(TypedDict):
    """An ad."""

    id: str
    external_id: str
    name: str
    status: DeliveryStatus
    effective_status: str
    ad_account: str
    platform: str
    mirrored_at: str | None
    created_at: str
    campaign: str
    campaign_id: str
    ad_set: NotRequired[str | None]
    ad_set_id: NotRequired[str | None]
    creative: NotRequired[str | None]


class AdRoasInRequest(TypedDict):
    """Stage changes credited to an ad, and what the ad spent."""

    ad_spend: str
    stage_changes: list[StageChangeInRequest]


class AdRoasOut(TypedDict):
    """Pipeline value against spend."""

    pipeline_value: str
    pipeline_roas: float | None
    avg_confidence: float
    num_stage_changes: int
    ad_spend: str
    currency: str


class AdSetInRequest(TypedDict):
    """A new ad set."""

    external_id: str
    name: str
    status: NotRequired[DeliveryStatus]
    campaign: str
    daily_budget: NotRequired[str | None]
    optimisation_goal: NotRequired[str]


class AdSetOut(TypedDict):
    """An ad set."""

    id: str
    external_id: str
    name: str
    status: DeliveryStatus
    effective_status: str
    ad_account: str
    platform: str
    mirrored_at: str | None
    created_at: str
    currency: str
    daily_budget: str | None
    lifetime_budget: str | None
    bid: str | None
    bid_strategy: str
    learning_status: LearningStatusEnum
    campaign: str
    campaign_id: str
    optimisation_goal: str
    learning_conversions: int | None


class AdStateInRequest(TypedDict):
    """Figures of one arm: whatever owns a budget. Revenue that is not known is left out."""

    ad_id: str
    impressions: int
    clicks: int
    spend: str
    pipeline_value: NotRequired[str | None]
    cash_revenue: NotRequired[str | None]
    age_hours: float
    daily_budget: str
    frequency: NotRequired[float | None]
    last_updated: NotRequired[str | None]


class AddWinnerInRequest(TypedDict):
    """An ad that did well. Without embedding and text, its own text is taken."""

    embedding: NotRequired[list[float]]
    embedder: NotRequired[str]
    text: NotRequired[str]
    ad_id: str
    metadata: NotRequired[dict[str, Any]]


class AddWinnerOut(TypedDict):
    """What the library holds now."""

    status: AddWinnerOutStatusEnum
    ad_id: str
    total_winners: int


class AdvisedOut(TypedDict):
    """What to do."""

    budget_allocation: dict[str, float]
    optimization: list[str]
    priority_actions: list[str]


class AgentActionOut(TypedDict):
    """An action that may be recommended."""

    type: str
    label: str
    scope: str
    parameters: dict[str, str]


class AgentConnectionOut(TypedDict):
    """A connection as an agent sees it: no address, no credentials, no errors."""

    id: str
    kind: str
    name: str
    status: ConnectionStatus


class AlertOut(TypedDict):
    """One crossing of a line."""

    id: str
    alert_type: AlertType
    rule: str
    severity: AlertSeverity
    channel: str
    campaign: NotRequired[str | None]
    message: str
    metric_value: float
    threshold_value: float
    is_read: bool
    created_at: str
    last_seen_at: str
    resolved_at: str | None
    resolution: str


class AlertRuleInRequest(TypedDict):
    """A line; of a change, the fields that change."""

    name: str
    type: NotRequired[AlertType]
    metric: AlertMetric
    operator: AlertOperator
    threshold: str
    basis: NotRequired[BasisEnum]
    lookback_days: NotRequired[int]
    scope: NotRequired[ScopeEnum]
    channel: NotRequired[str]
    also_metric: NotRequired[AlertMetric | BlankEnum]
    also_operator: NotRequired[AlertOperator | BlankEnum]
    also_threshold: NotRequired[str | None]
    severity: NotRequired[AlertSeverity]
    cooldown_hours: NotRequired[int]
    is_enabled: NotRequired[bool]


class AlertRuleOut(TypedDict):
    """A line."""

    id: str
    name: str
    type: AlertType
    metric: AlertMetric
    operator: AlertOperator
    threshold: float
    basis: BasisEnum
    lookback_days: int
    scope: ScopeEnum
    channel: str
    also_metric: str
    also_operator: str
    also_threshold: float | None
    severity: AlertSeverity
    cooldown_hours: int
    is_enabled: bool


class AllocationOut(TypedDict):
    """Recommended budgets; their sum and `unallocated` make the total."""

    total_budget: str
    currency: str
    num_ads: int
    unallocated: str
    allocation_id: str
    seed: int
    mode: str
    policy_version: str
    warnings: list[str]
    recommendations: list[RecommendationOut]


class AmountOut(TypedDict):
    """Money with its currency."""

    amount: str
    currency: str


class AnalyticsOut(TypedDict):
    """A funnel in figures."""

    funnel: str
    name: str
    refreshed_at: str | None
    current: BarsOut
    previous: BarsOut
    days: list[LineOut]
    by: str
    breakdown: list[LineOut]
    times: list[TimeOut]


class AppFigureOut(TypedDict):
    """A figure of the app."""

    now: float
    plan: BandOut


class AppSessionInRequest(TypedDict):
    """One use of the app."""

    session_id: str
    user_id: str
    started_at: str
    seconds: int
    events: NotRequired[dict[str, int]]
    features: NotRequired[list[str]]
    revenue: NotRequired[str]
    currency: NotRequired[str]
    quality: NotRequired[int]


class AppSessionsInRequest(TypedDict):
    """A batch of sessions."""

    sessions: list[AppSessionInRequest]


class AppTakenOut(TypedDict):
    """What became of a batch; the accepted rows are stored."""

    accepted: int
    duplicates: int


class ArmMetricsOut(TypedDict):
    """Figures behind a recommendation."""

    impressions: int
    clicks: int
    ctr: float
    pipeline_roas: float | None
    ctr_weight: float
    roas_weight: float
    blended_score: float
    decay_factor: float
    age_hours: float


class ArmUnitsOut(TypedDict):
    """Units that met a variant first."""

    variant: str
    units: int
    in_several: int


class AssignedOut(TypedDict):
    """A test and the unit's variant of it."""

    test: str
    variant: str | None
    reason: AssignedOutReasonEnum
    config: Any


class AssignmentsOut(TypedDict):
    """Variants of a unit, the test that began first first."""

    unit: str
    assignments: list[AssignedOut]


class AttemptOut(TypedDict):
    """One try to carry a plan out."""

    number: int
    plan_version: int
    started_at: str
    call_sent_at: str | None
    settled_at: str | None
    outcome: str
    error_kind: str
    error: str
    request_id: str


class AttributeInRequest(TypedDict):
    """A conversion whose click is wanted."""

    consent: NotRequired[bool]
    ip_address: NotRequired[str]
    user_agent: NotRequired[str]
    fingerprint_hash: NotRequired[str]
    fingerprint_components: NotRequired[dict[str, str]]
    fbc: NotRequired[str]
    fbp: NotRequired[str]
    ttp: NotRequired[str]
    conversion_id: str
    conversion_type: str
    conversion_value: str
    conversion_timestamp: str
    currency: NotRequired[str]
    click_id: NotRequired[str]
    fbclid: NotRequired[str]
    gclid: NotRequired[str]
    wbraid: NotRequired[str]
    gbraid: NotRequired[str]
    ttclid: NotRequired[str]
    li_fat_id: NotRequired[str]
    msclkid: NotRequired[str]
    visitor_id: NotRequired[str]
    user_id: NotRequired[str]
    crm_contact: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    country: NotRequired[str]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    landing_page: NotRequired[str]
    referrer: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    utm_content: NotRequired[str]
    utm_term: NotRequired[str]


class AttributeOut(TypedDict):
    """The click, and how it was found."""

    success: bool
    attributed_click_id: str | None
    attribution_method: AttributionMethod
    attribution_confidence: float
    attribution_window_hours: int | None
    reason: str
    ad_id: str | None
    campaign_id: str | None


class AudienceDetailOut(TypedDict):
    """An audience, counted now."""

    id: str
    name: str
    description: str
    kind: AudienceKind
    rules: Any
    size: int | None
    sized_at: str | None
    created_at: str
    archived_at: str | None
    count: int
    words: str
    contacts: list[SampleOut]


class AudienceInRequest(TypedDict):
    """A new audience."""

    name: str
    description: NotRequired[str]
    rules: NotRequired[Any]
    add: NotRequired[list[str]]
    remove: NotRequired[list[str]]
    add_from: NotRequired[str]
    is_archived: NotRequired[bool]
    kind: NotRequired[AudienceKind]


class AudienceOut(TypedDict):
    """An audience."""

    id: str
    name: str
    description: str
    kind: AudienceKind
    rules: Any
    size: int | None
    sized_at: str | None
    created_at: str
    archived_at: str | None


class AudiencePreviewOut(TypedDict):
    """Who belongs to it now."""

    count: int
    words: str
    contacts: list[SampleOut]


class BadRowOut(TypedDict):
    """A row that was left out."""

    line: int
    column: str
    reason: str


class BandOut(TypedDict):
    """P10, P50 and P90 of the draws; null where a figure has no meaning."""

    p10: float | None
    p50: float | None
    p90: float | None
    mean: NotRequired[float | None]


class BarOut(TypedDict):
    """A step: who reached it, and from where."""

    number: int
    name: str
    reached: int
    rate_from_previous: float | None
    rate_from_first: float | None
    dropped: int
    drop_off: float | None
    median_seconds: float | None
    p90_seconds: float | None


class BarsOut(TypedDict):
    """All steps over a period; each person counts once, by the furthest attempt."""

    since: str
    until: str
    entered: int
    completed: int
    rate: float | None
    revenue: AmountOut
    average_order_value: AmountOut | None
    median_seconds: float | None
    p90_seconds: float | None
    worst_step: int | None
    steps: list[BarOut]


class BesideOut(TypedDict):
    """A figure under the plan, under the present one, and the difference draw by draw."""

    plan: BandOut
    present: BandOut
    change: BandOut


class BestPracticeOut(TypedDict):
    """Something that works, as far as is known."""

    id: str
    key: str
    category: BestPracticeOutCategoryEnum
    channel: str
    practice_type: str
    title: str
    recommendation: str
    rule: Any
    source: BestPracticeOutSourceEnum
    state: BestPracticeOutStateEnum
    why: str
    confidence: float
    sample_size: int
    baseline_value: float | None
    optimised_value: float | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    correlation: float | None
    segments: Any
    validation_count: int
    times_applied: int
    version: int
    first_seen_at: str
    next_check_on: str | None
    deprecated_at: str | None
    deprecated_reason: str


class BoardDataOut(TypedDict):
    """Rows of one dashboard's current batch."""

    dashboard_type: DashboardTypeEnum
    created_at: str | None
    results: list[BoardRowOut]


class BoardRowOut(TypedDict):
    """A row; each dashboard has the columns of its own table, and money is text."""

    channel: str
    date: NotRequired[str]
    roi_forecast: NotRequired[float]
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    roi_actual: NotRequired[float | None]
    roi_pred: NotRequired[float | None]
    conversion_actual: NotRequired[float | None]
    conversion_pred: NotRequired[float | None]
    reach_actual: NotRequired[float | None]
    reach_pred: NotRequired[float | None]
    ctr_actual: NotRequired[float | None]
    ctr_pred: NotRequired[float | None]
    acquisition_cost: NotRequired[str | None]
    recommended_budget: NotRequired[str]
    total_budget: NotRequired[str]
    currency: NotRequired[str]
    created_at: str


class BoardStatusOut(TypedDict):
    """One dashboard."""

    name: str
    dashboard_type: DashboardTypeEnum
    state: str
    created_at: str | None
    sha256: str | None
    dark_sha256: str | None


class BoardsStatusOut(TypedDict):
    """All four, and the sync behind them."""

    dashboards: list[BoardStatusOut]
    figures_until: str | None
    basis: str | None
    notes: list[str]
    sync: SyncStatusOut


class BudgetBaselineOut(TypedDict):
    """The present plan over the same horizon."""

    allocation: dict[str, str]
    expected: dict[str, ExpectedOut]


class BudgetRivalOut(TypedDict):
    """What one way to split the same total brings."""

    name: str
    brings: float
    of_best: float
    serves: bool
    why_not: str


class BulkOut(TypedDict):
    """What a bulk call did."""

    done: list[ProposalOut]
    refused: list[RefusedOut]


class BulkRejectInRequest(TypedDict):
    """One reason for many."""

    items: list[PairInRequest]
    why: str


class BulkRevertInRequest(TypedDict):
    """Executed proposals to undo."""

    ids: list[str]
    why: NotRequired[str]


class BulkSignInRequest(TypedDict):
    """Signatures on many plans."""

    items: list[PairInRequest]
    why: NotRequired[str]


class CampaignActivitySummaryOut(TypedDict):
    """How much was done to each campaign (``v_campaign_activity_summary``)."""

    campaign_id: int
    tenant_id: str
    campaign_name: str
    total_changes: int
    changes_last_hour: int
    budget_changes_6h: int
    last_change_at: NotRequired[str | None]
    mean_duration_ms: NotRequired[float | None]


class CampaignInRequest(TypedDict):
    """A new campaign."""

    external_id: str
    name: str
    status: NotRequired[DeliveryStatus]
    ad_account: str
    channel: NotRequired[str]
    objective: NotRequired[str]
    daily_budget: NotRequired[str | None]
    starts_on: NotRequired[str | None]
    ends_on: NotRequired[str | None]


class CampaignOut(TypedDict):
    """A campaign, without figures."""

    id: str
    external_id: str
    name: str
    status: DeliveryStatus
    effective_status: str
    ad_account: str
    platform: str
    mirrored_at: str | None
    created_at: str
    currency: str
    daily_budget: str | None
    lifetime_budget: str | None
    bid: str | None
    bid_strategy: str
    learning_status: LearningStatusEnum
    campaign_id: str
    life_state: LifeStateEnum
    channel: str
    objective: str
    starts_on: str | None
    ends_on: str | None


class CampaignRowOut(TypedDict):
    """A campaign with its figures over a period."""

    impressions: int
    clicks: int
    engagement: int
    cost: str
    conversions: str | None
    revenue: str
    pipeline_value: str
    installs: int
    ctr: float | None
    cpc: float | None
    conversion_rate: float | None
    roi: float | None
    roas: float | None
    pipeline_roas: float | None
    id: str
    external_id: str
    name: str
    status: DeliveryStatus
    effective_status: str
    ad_account: str
    platform: str
    mirrored_at: str | None
    created_at: str
    currency: str
    daily_budget: str | None
    lifetime_budget: str | None
    bid: str | None
    bid_strategy: str
    learning_status: LearningStatusEnum
    campaign_id: str
    life_state: LifeStateEnum
    channel: str
    objective: str
    starts_on: str | None
    ends_on: str | None
    date_from: str
    date_to: str


class CampaignStatusOut(TypedDict):
    """How far a campaign is."""

    id: str
    status: OutreachCampaignStatus
    paused_reason: str
    proposal_id: str | None
    plan: SendPlanOut | None
    messages: dict[str, int]
    sent: int
    delivered: int
    opened: int
    clicked: int
    replied: int
    converted: int
    bounced: int
    complained: int
    unsubscribed: int
    cost: str
    enrolled: int


class CampaignStepInRequest(TypedDict):
    """One round of messages."""

    name: NotRequired[str]
    delay_hours: NotRequired[int]
    condition: NotRequired[StepCondition]
    segment: NotRequired[str]
    exits_on_reply: NotRequired[bool]
    exits_on_conversion: NotRequired[bool]
    texts: list[CampaignTextInRequest]


class CampaignStepOut(TypedDict):
    """One round of messages."""

    id: str
    position: int
    name: str
    delay_hours: int
    condition: StepCondition
    segment: str
    exits_on_reply: bool
    exits_on_conversion: bool
    texts: list[CampaignTextOut]


class CampaignTextInRequest(TypedDict):
    """What a step says on a channel."""

    channel: NotRequired[MessageChannel]
    variant: NotRequired[str]
    template: str


class CampaignTextOut(TypedDict):
    """What a step says on a channel."""

    channel: MessageChannel
    variant: str
    template: str
    name: str


class CanaryOut(TypedDict):
    """A version that answers a share of the subjects before it serves everyone."""

    champion_version: int
    proposal_id: str
    share: str
    started_at: str
    ends_at: str
    failures: int
    seen: Any
    standing: str
    seen_at: str | None
    ended_at: str | None
    outcome: CanaryOutcome | BlankEnum
    why: str


class CanaryStopInRequest(TypedDict):
    """Why a canary is stopped."""

    reason: str


class CandidateOut(TypedDict):
    """Something that may have moved the figure."""

    at: str
    title: str
    kind: str
    proposal: NotRequired[str | None]
    score: float
    reasons: list[str]


class CauseOut(TypedDict):
    """A part of the units in which the split is off: a hint to why it is."""

    dimension: str
    segment: str
    units: int
    p_value: float
    share_of_excess: float


class ChangeInRequest(TypedDict):
    """A change of one entity; ids are ours or the platform's."""

    ad_account: NotRequired[str]
    entity_type: EntityTypeEnum
    entity_id: str
    change_type: ChangeTypeEnum
    value: str
    reason: str


class ChannelAdviceOut(TypedDict):
    """One recommendation and what became of it."""

    id: str
    created_at: str
    recommendations: DocumentOut
    summary: str
    is_fallback: bool
    fallback_reason: str
    model_name: str
    evidence_ids: list[str]
    outcome: OutcomeOut


class ChannelAdviceWithEvidenceOut(TypedDict):
    """One recommendation with its figures."""

    id: str
    created_at: str
    recommendations: DocumentOut
    summary: str
    is_fallback: bool
    fallback_reason: str
    model_name: str
    evidence_ids: list[str]
    outcome: OutcomeOut
    evidence: EvidenceOut


class ChannelBoundsInRequest(TypedDict):
    """Bounds of one channel; money of the whole horizon."""

    min: NotRequired[str | None]
    max: NotRequired[str | None]


class ChannelOut(TypedDict):
    """A channel over days."""

    channel: str
    model_name: str
    since: str
    until: str
    total: DayOut
    days: list[DayOut]


class ChatFormInRequest(TypedDict):
    """What somebody wrote in a contact form."""

    id: str
    text: str
    email: str
    name: NotRequired[str]
    page: NotRequired[str]
    visitor: NotRequired[str]
    website: NotRequired[str]


class ChatFormOut(TypedDict):
    """The form is kept."""

    id: str


ChatLineOut = TypedDict(
    "ChatLineOut",
    {
        'id': 'str',
        'text': 'str',
        'at': 'str',
        'name': 'str',
        'from': 'FromEnum',
    },
)


class ChatMessageInRequest(TypedDict):
    """A message of a visitor."""

    id: str
    text: str
    token: NotRequired[str]
    name: NotRequired[str]
    email: NotRequired[str]
    page: NotRequired[str]
    visitor: NotRequired[str]


class ChatNewsOut(TypedDict):
    """Messages, and who is there."""

    messages: list[ChatLineOut]
    after: str
    seen: str
    is_typing: bool
    is_there: bool
    back_at: str | None


class ChatTakenOut(TypedDict):
    """The message is kept."""

    id: str
    at: str
    token: str


class CheckLineOut(TypedDict):
    """One line of the checklist."""

    name: str
    label: str
    verdict: str
    text: str


class CheckOut(TypedDict):
    """One line of a verdict."""

    name: str
    verdict: str
    why: str
    not_before: NotRequired[str | None]


class CheckedOut(TypedDict):
    """What a check did."""

    raised: int
    resolved: int
    told: int
    open: int


class ClickInRequest(TypedDict):
    """A click on an ad, named by our ids or the platform's."""

    consent: NotRequired[bool]
    ip_address: NotRequired[str]
    user_agent: NotRequired[str]
    fingerprint_hash: NotRequired[str]
    fingerprint_components: NotRequired[dict[str, str]]
    ad_id: str
    campaign_id: str
    adset_id: NotRequired[str]
    click_id: NotRequired[str]
    clicked_at: NotRequired[str]
    device_type: NotRequired[str]
    landing_page_url: NotRequired[str]
    fbclid: NotRequired[str]
    gclid: NotRequired[str]
    wbraid: NotRequired[str]
    gbraid: NotRequired[str]
    ttclid: NotRequired[str]
    li_fat_id: NotRequired[str]
    msclkid: NotRequired[str]
    visitor_id: NotRequired[str]
    user_id: NotRequired[str]
    crm_contact: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    country: NotRequired[str]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    landing_page: NotRequired[str]
    referrer: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    utm_content: NotRequired[str]
    utm_term: NotRequired[str]


class ClickOut(TypedDict):
    """The click that was stored."""

    status: ClickOutStatusEnum
    click_id: str
    attribution_window_days: float


class CohortOut(TypedDict):
    """Users and what became of them; what is too early to know is null."""

    users: int
    d1: float | None
    d7: float | None
    d30: float | None
    payers: int
    payer_rate: float | None
    revenue: str
    arpu: str | None
    arppu: str | None
    ltv: str | None


class CohortRowOut(TypedDict):
    """A channel, a country or a week (its Monday)."""

    users: int
    d1: float | None
    d7: float | None
    d30: float | None
    payers: int
    payer_rate: float | None
    revenue: str
    arpu: str | None
    arppu: str | None
    ltv: str | None
    key: str
    name: str


class CohortSideOut(TypedDict):
    """Users that ads brought, or others, and their share of all."""

    side: str
    users: int
    users_share: float | None
    revenue: str
    revenue_share: float | None


class CohortsOut(TypedDict):
    """Cohorts by the next level: channels, countries of one, weeks of both."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    by: ByEnum
    total: CohortOut
    before: CohortOut
    rows: list[CohortRowOut]
    sides: list[CohortSideOut]


class ComparisonOut(TypedDict):
    """Which channel does best and worst."""

    top_performer: str
    worst_performer: str
    analysis: str


class ConfigInRequest(TypedDict):
    """All stages as they should be, or the name of a template."""

    template: NotRequired[str]
    stages: NotRequired[list[StageInRequest]]
    average_deal_value: NotRequired[str]
    sales_cycle_days: NotRequired[str]
    win_rate: NotRequired[str]
    reason: str


class ConfigOut(TypedDict):
    """The version in force; version 0 with no stages before the first one."""

    currency: str
    version: int
    stages: list[StageOut]
    template: str
    average_deal_value: str | None
    sales_cycle_days: float | None
    win_rate: float | None
    editor: str
    effective_at: str | None
    waiting_proposal_id: str | None


class ConfigProposedOut(TypedDict):
    """The proposal that waits for a signature."""

    status: str
    proposal_id: str
    plan_sha256: str
    summary: str
    crossing_ads: int
    flipping_changes: int


class ConnectionInRequest(TypedDict):
    """A new connection. What ``secret`` needs depends on the kind."""

    kind: str
    name: str
    secret: dict[str, str]
    base_url: NotRequired[str]


class ConnectionOut(TypedDict):
    """A connection; its credentials never come out."""

    id: str
    kind: str
    name: str
    status: ConnectionStatus
    base_url: str
    last_ok_at: str | None
    last_error: str
    last_error_at: str | None
    created_at: str


class ConnectionTestOut(TypedDict):
    """What a try of a connection showed."""

    ok: bool
    words: str


class ConsentInRequest(TypedDict):
    """Consent that is given or withdrawn."""

    consents: list[SaidInRequest]
    statement: NotRequired[str]
    at: NotRequired[str]


class ConsentOut(TypedDict):
    """Something somebody said."""

    channel: MessageChannel
    purpose: MessagePurpose
    is_given: bool
    source: ConsentSource
    evidence: Any
    at: str
    by: str


class ConsentsOut(TypedDict):
    """What holds now, and everything that was ever said."""

    current: list[ConsentOut]
    history: list[ConsentOut]


class ContactImportDetailOut(TypedDict):
    """A file with the first thousand rows that are not taken."""

    id: str
    file_name: str
    state: ContactImportState
    columns: Any
    options: Any
    report: Any
    rows_read: int
    created: int
    updated: int
    error: str
    created_at: str
    finished_at: str | None
    bad_rows: list[dict[str, Any]]


class ContactImportInRequest(TypedDict):
    """A file, and what it does not say itself."""

    file: str
    country: NotRequired[str]
    known: NotRequired[KnownEnum]
    consent: NotRequired[ConsentEnum | BlankEnum]
    channel: NotRequired[ContactImportInChannelEnum]
    statement: NotRequired[str]
    audience: NotRequired[str]


class ContactImportOut(TypedDict):
    """A file and how far it is."""

    id: str
    file_name: str
    state: ContactImportState
    columns: Any
    options: Any
    report: Any
    rows_read: int
    created: int
    updated: int
    error: str
    created_at: str
    finished_at: str | None


class ContactInRequest(TypedDict):
    """A contact, or what is to change of one."""

    external_id: NotRequired[str]
    first_name: NotRequired[str]
    last_name: NotRequired[str]
    locale: NotRequired[str]
    time_zone: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    preferred_channel: NotRequired[MessageChannel | BlankEnum]
    attributes: NotRequired[dict[str, Any]]
    points: NotRequired[list[PointInRequest]]
    user_id: NotRequired[str]
    crm_contact: NotRequired[str]


class ContactOut(TypedDict):
    """A contact."""

    id: str
    person: str
    external_id: str
    first_name: str
    last_name: str
    locale: str
    time_zone: str
    country: str
    region: str
    customer_type: CustomerType
    lifecycle_stage: LifecycleStageEnum | BlankEnum
    preferred_channel: MessageChannel | BlankEnum
    attributes: Any
    points: list[PointOut]
    standing: PurchasesOut | None
    source: str
    created_at: str
    updated_at: str
    archived_at: str | None


class ConversionInRequest(TypedDict):
    """A conversion."""

    consent: NotRequired[bool]
    ip_address: NotRequired[str]
    user_agent: NotRequired[str]
    fingerprint_hash: NotRequired[str]
    fingerprint_components: NotRequired[dict[str, str]]
    fbc: NotRequired[str]
    fbp: NotRequired[str]
    ttp: NotRequired[str]
    conversion_id: str
    type: str
    value: NotRequired[str]
    currency: NotRequired[str]
    value_kind: NotRequired[ValueKindEnum]
    converted_at: NotRequired[str]
    click_id: NotRequired[str]
    external_id: NotRequired[str]
    crm_deal: NotRequired[str]
    crm_stage: NotRequired[str]
    customer_type: NotRequired[CustomerType]
    source_channel: NotRequired[str]
    source_campaign: NotRequired[str]
    source_message: NotRequired[str]
    region: NotRequired[str]
    city: NotRequired[str]
    extra: NotRequired[dict[str, Any]]
    fbclid: NotRequired[str]
    gclid: NotRequired[str]
    wbraid: NotRequired[str]
    gbraid: NotRequired[str]
    ttclid: NotRequired[str]
    li_fat_id: NotRequired[str]
    msclkid: NotRequired[str]
    visitor_id: NotRequired[str]
    user_id: NotRequired[str]
    crm_contact: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    country: NotRequired[str]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    landing_page: NotRequired[str]
    referrer: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    utm_content: NotRequired[str]
    utm_term: NotRequired[str]


class ConversionOut(TypedDict):
    """A conversion with its click."""

    id: str
    conversion_id: str
    external_id: NotRequired[str]
    type: str
    value: str
    currency: str
    value_kind: NotRequired[ValueKindEnum]
    converted_at: str
    method: NotRequired[AttributionMethod]
    confidence: float
    window_hours: NotRequired[int | None]
    fingerprint_score: NotRequired[float | None]
    click_id: str | None
    ad_id: str | None
    campaign_id: str | None
    customer_type: NotRequired[CustomerType | BlankEnum]
    source_channel: NotRequired[str]
    source_campaign: NotRequired[str]
    source_message: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    crm_deal: NotRequired[str]
    crm_stage: NotRequired[str]
    needs_attribution: NotRequired[bool]
    attributed_at: NotRequired[str | None]
    created_at: str


class CreativeInRequest(TypedDict):
    """A new creative."""

    ad_account: str
    external_id: str
    headline: NotRequired[str]
    primary_text: NotRequired[str]
    call_to_action: NotRequired[str]
    hook_type: NotRequired[str]
    format: NotRequired[CreativeFormat]
    media_url: NotRequired[str]
    live_since: NotRequired[str | None]


class CreativeOut(TypedDict):
    """A creative."""

    id: str
    external_id: str
    ad_account: str
    headline: str
    primary_text: str
    call_to_action: str
    hook_type: str
    format: CreativeFormat
    media_url: str
    live_since: str | None
    performance_score: int | None
    created_at: str


class CreditOut(TypedDict):
    """Credit of one channel, campaign or ad."""

    channel: str
    campaign: CreditedOut | None
    ad: CreditedOut | None
    conversions: float
    share: float
    revenue: AmountOut
    cost: AmountOut | None
    roas: float | None
    roi: float | None
    conversions_low: float | None
    conversions_high: float | None


class CreditedOut(TypedDict):
    """A campaign or an ad."""

    id: str
    name: str


class CreditsOut(TypedDict):
    """A model's credits over a period."""

    model: str
    name: str
    by: str
    since: str
    until: str
    ran_at: str | None
    journeys: int
    conversions: float
    revenue: AmountOut
    without_rate: int
    credits: list[CreditOut]


class CrmContactOut(TypedDict):
    """A contact of a CRM as attribution knows it; nothing that names the person."""

    crm: str
    portal: str
    contact: str
    person: str
    first_seen_at: str


class CrmDataInRequest(TypedDict):
    """Pipeline value per ad, as the CRM sums it up; each call sets it anew."""

    ad_performances: dict[str, str]
    source: NotRequired[str]


class CrmDataOut(TypedDict):
    """What became of the values; unknown ads wait in quarantine for a person."""

    status: CrmDataOutStatusEnum
    updated_ads: int
    total_received: int
    unknown_ads: list[str]


class DayLineOut(TypedDict):
    """Effect of a variant by day; null where it may not be shown."""

    variant: str
    effect: list[float | None]
    low: list[float | None]
    high: list[float | None]


class DayOut(TypedDict):
    """Figures of a channel on one day, or over all days."""

    day: NotRequired[str]
    sent: int
    delivered: int
    opened: int
    clicked: int
    replied: int
    delivery_rate: float | None
    open_rate: float | None
    click_rate: float | None
    reply_rate: float | None
    conversions: int
    conversion_rate: float | None
    revenue: AmountOut
    average_order_value: AmountOut | None
    attributed_conversions: float
    attributed_revenue: AmountOut
    cost: AmountOut | None
    roi: float | None
    cost_per_conversion: AmountOut | None


class DecideInRequest(TypedDict):
    """One version of the policy."""

    version: int
    ad_account: NotRequired[str]


class DecisionOut(TypedDict):
    """What the rule says now."""

    action: str
    variant: str | None
    codes: list[str]
    guardrails: list[str]


class DeliveryOut(TypedDict):
    """One event on its way to one endpoint."""

    id: str
    event_type: str
    event_id: str
    attempts: int
    next_attempt_at: str | None
    delivered_at: str | None
    failed_at: str | None
    last_status: int | None
    last_error: str
    created_at: str


class DocumentOut(TypedDict):
    """The document, as it was checked."""

    channel_comparison: ComparisonOut
    ml_predictions: OutlookOut
    recommendations: AdvisedOut
    summary: str


class DriftReportOut(TypedDict):
    """How far what serves had moved on a day."""

    day: str
    rows: int
    moved: Any
    chance: Any
    score_moved: float | None
    score_chance: float | None
    calibration_error: float | None
    calibration_limit: float | None
    is_moved: bool
    moved_since: str | None
    verdict: str
    asked_for_training: bool
    answer: str


class EffectOut(TypedDict):
    """What measured changes brought, against what was predicted of them."""

    metric: str
    currency: str | None
    predicted: str
    realised: str
    measured: int


class EmbedderCountOut(TypedDict):
    """Winners of one embedder, and the saved index of them."""

    embedder: str
    winners: int
    index: IndexEnum | NullEnum
    saved_at: str | None


class EndpointInRequest(TypedDict):
    """A new endpoint; no event types means all of them."""

    url: str
    event_types: NotRequired[list[str]]
    format: NotRequired[WebhookFormat]


class EndpointOut(TypedDict):
    """Where events are sent to."""

    id: str
    url: str
    format: WebhookFormat
    event_types: list[str]
    is_enabled: bool
    disabled_reason: str
    created_at: str


class EventInRequest(TypedDict):
    """One event; what each type needs beside its id is told in the guide."""

    id: str
    type: EventInTypeEnum
    at: NotRequired[float]
    url: NotRequired[str]
    page_id: NotRequired[str]
    title: NotRequired[str]
    referrer: NotRequired[str]
    name: NotRequired[str]
    element: NotRequired[dict[str, str]]
    scroll: NotRequired[int]
    seconds: NotRequired[float]
    user_id: NotRequired[str]
    properties: NotRequired[dict[str, Any]]
    variants: NotRequired[dict[str, str]]


class EventsInRequest(TypedDict):
    """A call of up to 500 events."""

    events: list[EventInRequest]
    sent_at: NotRequired[float]
    consent: NotRequired[bool]
    visitor_id: NotRequired[str]
    session_id: NotRequired[str]
    screen: NotRequired[str]
    time_zone: NotRequired[str]
    language: NotRequired[str]
    variants: NotRequired[dict[str, str]]
    user_agent: NotRequired[str]
    ip_address: NotRequired[str]


class EvidenceCampaignOut(TypedDict):
    """A campaign that numbers are about."""

    id: str
    channel: str
    name: str


class EvidenceOut(TypedDict):
    """The figures that a recommendation rests on."""

    since: str
    until: str
    currency: str
    value_name: str
    shares: dict[str, float]
    facts: list[FactOut]
    campaigns: list[EvidenceCampaignOut]
    notes: list[str]


class ExecutiveSummaryOut(TypedDict):
    """The executive dashboard's cards."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    missing_rates: list[str]
    figures: GrowthOut
    before: GrowthOut
    ltv_to_cac: float | None
    pending_approvals: WaitingOut
    signals: list[TopSignalOut]


class ExecutiveTrendsOut(TypedDict):
    """The executive dashboard's lines."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    days: list[GrowthDayOut]
    forecasts: list[GrowthForecastOut]


class ExpectedOut(TypedDict):
    """P10, P50 and P90 of the draws; null where a figure has no meaning."""

    p10: float | None
    p50: float | None
    p90: float | None
    mean: float | None


class ExplanationOut(TypedDict):
    """A change of level near a day, and what happened before it, the likeliest first."""

    metric: str
    day: str
    changed_on: str | None
    before: float | None
    after: float | None
    strength: float | None
    since: str
    until: str
    note: NotRequired[str]
    candidates: list[CandidateOut]


class ExposureInRequest(TypedDict):
    """A unit that really saw a variant."""

    unit: str
    variant: str
    at: NotRequired[str]
    device: NotRequired[str]
    source: NotRequired[str]
    country: NotRequired[str]
    customer_type: NotRequired[str]


class FactOut(TypedDict):
    """One number that could be stated."""

    id: str
    about: str
    value: float
    unit: UnitEnum


class FailedJobOut(TypedDict):
    """Failed runs of the last 24 hours (``v_failed_jobs``)."""

    row_key: str
    tenant_id: str
    job_name: str
    trigger: str
    step: str
    error: str
    started_at: NotRequired[str | None]
    finished_at: NotRequired[str | None]
    state: str
    attempt: int


class FeedbackInRequest(TypedDict):
    """What an arm really brought, told once per event."""

    ad_id: str
    actual_pipeline_value: str
    actual_spend: str
    event_id: str


class FeedbackOut(TypedDict):
    """What the ledger holds."""

    status: FeedbackOutStatusEnum
    ad_id: str
    actual_roas: float | None
    timestamp: str


class FieldErrorOut(TypedDict):
    """What is wrong with one field."""

    field: str
    message: str


class FigureOut(TypedDict):
    """A metric of a variant; hidden while too few units came."""

    variant: str
    units: int
    value: float | None
    comparison: ABComparisonOut | None
    decisive: ABComparisonOut | None
    p_adjusted: float | None
    standing: str


class FiguresDaysOut(TypedDict):
    """Days that curves were fitted on."""

    since: str
    until: str


class FilterInRequest(TypedDict):
    """What a property of an event must be."""

    property: str
    op: OpEnum
    value: NotRequired[Any]


class FilterOut(TypedDict):
    """What a property of an event must be."""

    property: str
    op: OpEnum
    value: NotRequired[Any]


class FiltersInRequest(TypedDict):
    """Which winners to look among; an unknown figure does not pass."""

    channel: NotRequired[str]
    min_ctr: NotRequired[float]
    min_roas: NotRequired[float]
    min_impressions: NotRequired[int]
    max_age_h: NotRequired[int]


class FindSimilarInRequest(TypedDict):
    """What to look for, and how much."""

    embedding: NotRequired[list[float]]
    embedder: NotRequired[str]
    text: NotRequired[str]
    k: NotRequired[int]
    min_similarity: NotRequired[float]
    filters: NotRequired[FiltersInRequest]


class FindSimilarOut(TypedDict):
    """The most alike first."""

    matches: list[MatchOut]
    embedder: str
    compared: int


class ForecastDayOut(TypedDict):
    """A coming day; four of five days fall between low and high."""

    date: str
    expected: float
    low: float
    high: float


class FunnelInRequest(TypedDict):
    """A funnel."""

    name: str
    site: NotRequired[str | None]
    steps: list[StepInRequest]
    exclusions: NotRequired[list[MatcherInRequest]]
    window_seconds: int
    mode: NotRequired[FunnelInModeEnum]
    alert_drop_pct: NotRequired[int | None]


class FunnelMeasureOut(TypedDict):
    """A share, what it is of, and its goal."""

    name: str
    count: int
    of: int
    share: float | None
    goal: float


class FunnelOut(TypedDict):
    """A funnel."""

    id: str
    name: str
    site: NotRequired[str | None]
    steps: list[StepOut]
    exclusions: list[MatcherOut]
    window_seconds: int
    mode: NotRequired[FunnelOutModeEnum]
    alert_drop_pct: NotRequired[int | None]
    is_active: NotRequired[bool]
    version: NotRequired[int]
    refreshed_at: NotRequired[str | None]
    created_at: str


class FunnelReportOut(TypedDict):
    """What became of those who set a funnel off."""

    since: str
    until: str
    steps: list[FunnelStepOut]
    measures: list[FunnelMeasureOut]
    value: str
    stopped: list[FunnelStopOut]
    new_advocates: int
    advocates_goal: int


class FunnelStepOut(TypedDict):
    """How many came so far."""

    name: str
    count: int


class FunnelStopOut(TypedDict):
    """Why some went no further."""

    reason: str
    count: int


class GrowthDayOut(TypedDict):
    """A day."""

    spend: str
    installs: int
    paid_installs: int
    organic_installs: int
    cac: str | None
    cpi: str | None
    roas_7: float | None
    roas_30: float | None
    revenue: str
    roas: float | None
    conversions: str
    cpa: str | None
    pipeline_value: str
    pipeline_roas: float | None
    date: str


class GrowthForecastOut(TypedDict):
    """Coming days of a figure."""

    figure: str
    method: str
    level: float
    days: list[ForecastDayOut]


class GrowthOut(TypedDict):
    """What was spent and who came; ratios of nothing are null."""

    spend: str
    installs: int
    paid_installs: int
    organic_installs: int
    cac: str | None
    cpi: str | None
    roas_7: float | None
    roas_30: float | None
    revenue: str
    roas: float | None
    conversions: str
    cpa: str | None
    pipeline_value: str
    pipeline_roas: float | None


class HaloOut(TypedDict):
    """How organic conversions move with paid ones; null with a reason where data are thin."""

    since: str
    until: str
    days: int
    elasticity: float | None
    low: float | None
    high: float | None
    organic_per_paid_unit: float | None
    reason: str


class HeatOut(TypedDict):
    """One channel in one country."""

    channel: str
    region: str
    conversions: float
    revenue: AmountOut
    cost: AmountOut | None
    roas: float | None


class HeatmapOut(TypedDict):
    """Channels by country."""

    model: str
    since: str
    until: str
    cells: list[HeatOut]


class HistoryOut(TypedDict):
    """One settled attempt; never changed afterwards."""

    proposal: str
    ad_account: str
    entity_type: EntityTypeEnum
    entity_id: str
    change_type: ChangeTypeEnum
    old_value: Any
    new_value: Any
    currency: str
    change_pct: str | None
    triggered_by: str
    proposer: str
    model_version: str
    confidence: str | None
    reason: str
    verdict: Any
    status: str
    error: str
    queued_at: str
    started_at: str
    call_sent_at: str | None
    completed_at: str
    duration_ms: int
    platform_response: Any


class HubSpotEventInRequest(TypedDict):
    """One event as HubSpot's webhooks carry it."""

    subscriptionType: str
    objectId: int
    occurredAt: int
    portalId: NotRequired[int]
    propertyName: NotRequired[str]
    propertyValue: NotRequired[str]
    changeSource: NotRequired[str]
    sourceId: NotRequired[str]
    associationType: NotRequired[str]
    eventId: NotRequired[int]
    subscriptionId: NotRequired[int]
    appId: NotRequired[int]
    attemptNumber: NotRequired[int]
    fromObjectId: NotRequired[int]
    toObjectId: NotRequired[int]
    primaryObjectId: NotRequired[int]
    newObjectId: NotRequired[int]
    mergedObjectIds: NotRequired[list[int]]
    associationRemoved: NotRequired[bool]
    isPrimaryAssociation: NotRequired[bool]


class ImportDetailOut(TypedDict):
    """An import with the rows that were left out (the first thousand)."""

    id: str
    file_name: str
    state: NotRequired[str | None]
    error: NotRequired[str | None]
    rows_read: int
    rows_bad: int
    days_written: int
    days_unchanged: int
    totals: Any
    imported_by: str
    created_at: str
    finished_at: str | None
    bad_rows: list[BadRowOut]


class ImportInRequest(TypedDict):
    """A file with what it does not say itself."""

    file: str
    platform: NotRequired[PlatformEnum]
    account_id: NotRequired[str]
    account_name: NotRequired[str]
    currency: NotRequired[str]
    time_zone: NotRequired[str]
    all_or_nothing: NotRequired[bool]
    data_source: NotRequired[str]


class ImportOut(TypedDict):
    """An import and how far it is."""

    id: str
    file_name: str
    state: NotRequired[str | None]
    error: NotRequired[str | None]
    rows_read: int
    rows_bad: int
    days_written: int
    days_unchanged: int
    totals: Any
    imported_by: str
    created_at: str
    finished_at: str | None


class InboxActionOut(TypedDict):
    """What to do."""

    action: str
    priority: RiskLevel
    reasoning: str


class InboxAlertOut(TypedDict):
    """A conversation that is late or soon will be."""

    id: str
    channel: InboxChannel
    subject: str
    preview: str
    contact: str
    contact_name: str
    status: InboxConversationStatus
    assigned_to: InboxPersonOut | None
    team: InboxTeam
    tags: list[str]
    intent: str
    urgency: RiskLevel
    posture: InboxPosture
    unread: int
    waiting_since: str | None
    last_message_at: str
    due_at: str | None
    sla: str
    snoozed_until: str | None
    closed_at: str | None
    merged_into: NotRequired[str | None]
    minutes_left: int


InboxAnalyticsOut = TypedDict(
    "InboxAnalyticsOut",
    {
        'from': 'str',
        'to': 'str',
        'time_zone': 'str',
        'volume': 'InboxVolumeOut',
        'volume_before': 'InboxVolumeOut',
        'days': 'list[InboxDayOut]',
        'arrivals': 'list[InboxArrivalsOut]',
        'total': 'InboxFiguresOut',
        'before': 'InboxFiguresOut',
        'by_intent': 'list[InboxPartOut]',
        'by_channel': 'list[InboxPartOut]',
        'by_team': 'list[InboxPartOut]',
        'by_agent': 'list[InboxPartOut]',
        'service_email': 'InboxSpreadOut',
        'satisfaction': 'InboxScoresOut',
        'satisfaction_before': 'InboxScoresOut',
        'backlog': 'list[InboxBacklogOut]',
        'goals': 'InboxGoalsOut',
    },
)


class InboxArrivalsOut(TypedDict):
    """Messages in, by hour of a weekday."""

    weekday: int
    hours: list[int]


class InboxAssignInRequest(TypedDict):
    """Who is to look after it."""

    assigned_to: str | None


class InboxBacklogOut(TypedDict):
    """Who waits for us now, by how long."""

    age: str
    conversations: int


class InboxBatchInRequest(TypedDict):
    """Up to 100 texts."""

    texts: list[str]


class InboxBatchOut(TypedDict):
    """One reading of each text, in their order."""

    results: list[InboxReadingOut]


class InboxConversationDetailOut(TypedDict):
    """A conversation with the last 200 of its messages, notes and events, the oldest first."""

    id: str
    channel: InboxChannel
    subject: str
    preview: str
    contact: str
    contact_name: str
    status: InboxConversationStatus
    assigned_to: InboxPersonOut | None
    team: InboxTeam
    tags: list[str]
    intent: str
    urgency: RiskLevel
    posture: InboxPosture
    unread: int
    waiting_since: str | None
    last_message_at: str
    due_at: str | None
    sla: str
    snoozed_until: str | None
    closed_at: str | None
    merged_into: NotRequired[str | None]
    messages: list[InboxMessageOut]
    notes: list[InboxNoteOut]
    events: list[InboxEventOut]


class InboxConversationOut(TypedDict):
    """What one person and we write to each other about one thing."""

    id: str
    channel: InboxChannel
    subject: str
    preview: str
    contact: str
    contact_name: str
    status: InboxConversationStatus
    assigned_to: InboxPersonOut | None
    team: InboxTeam
    tags: list[str]
    intent: str
    urgency: RiskLevel
    posture: InboxPosture
    unread: int
    waiting_since: str | None
    last_message_at: str
    due_at: str | None
    sla: str
    snoozed_until: str | None
    closed_at: str | None
    merged_into: NotRequired[str | None]


class InboxDayOut(TypedDict):
    """Messages of a day."""

    incoming: int
    outgoing: int
    date: str


class InboxDoneOut(TypedDict):
    """What an act did."""

    batch: str
    changed: int
    refused: dict[str, int]


class InboxDraftInRequest(TypedDict):
    """A draft of an answer."""

    text: str
    subject: NotRequired[str]
    reason: str
    template: NotRequired[str]


class InboxDraftOut(TypedDict):
    """A draft that waits for an agent."""

    proposal: str
    status: str
    risk: str
    expires_at: str
    sha256: str


class InboxEntitiesOut(TypedDict):
    """What it speaks of."""

    products: list[str]
    issues: list[str]
    requests: list[str]


class InboxEventOut(TypedDict):
    """What was done with it."""

    kind: str
    at: str
    by: str
    batch: str | None


class InboxFiguresOut(TypedDict):
    """Of those who began to wait for an answer in these days."""

    waited: int
    answered: int
    first_response: InboxSpreadOut
    first_response_on_the_wall: InboxSpreadOut
    met: int
    missed: int
    eligible: int
    compliance: float | None
    automatic: int
    automatic_share: float | None
    conversations: int
    escalated: int
    escalated_share: float | None


class InboxFileInRequest(TypedDict):
    """A file that came with a message."""

    name: str
    content: str


class InboxGoalsOut(TypedDict):
    """What is asked of the inbox."""

    service_email_mean_minutes: float
    automatic_share: float
    escalated_share: float


class InboxHumanOut(TypedDict):
    """Whether a person answers, and why."""

    flag: bool
    reason: str


class InboxInboundInRequest(TypedDict):
    """A message that somebody wrote to you elsewhere."""

    channel: InboxChannel
    from_address: str
    from_name: NotRequired[str]
    external_id: str
    text: NotRequired[str]
    subject: NotRequired[str]
    at: NotRequired[str]
    thread_ids: NotRequired[list[str]]
    attachments: NotRequired[list[InboxFileInRequest]]


class InboxMergeInRequest(TypedDict):
    """Conversations that go into another one."""

    conversations: list[str]


class InboxMessageOut(TypedDict):
    """One message of a conversation, theirs or ours."""

    id: str
    direction: InboxDirection
    channel: InboxChannel
    sender_name: str
    sender_address: str
    author: str
    subject: str
    text: str
    at: str
    delivery: str


class InboxNoteInRequest(TypedDict):
    """A note for colleagues."""

    text: str


class InboxNoteOut(TypedDict):
    """A note of a colleague."""

    id: str
    author: str
    text: str
    written_at: str


class InboxObjectionOut(TypedDict):
    """What keeps somebody from buying."""

    type: str
    readiness: str
    evidence: list[str]
    suggested_response: InboxSuggestedOut | None


class InboxPartOut(TypedDict):
    """The same of one part."""

    waited: int
    answered: int
    first_response: InboxSpreadOut
    first_response_on_the_wall: InboxSpreadOut
    met: int
    missed: int
    eligible: int
    compliance: float | None
    automatic: int
    automatic_share: float | None
    conversations: int
    escalated: int
    escalated_share: float | None
    key: str
    name: str
    satisfaction: InboxScoresOut


class InboxPersonOut(TypedDict):
    """A member."""

    email: str
    name: str


class InboxPurchaseOut(TypedDict):
    """How near somebody is to buying."""

    score: float
    level: str
    signals: list[str]
    barriers: list[str]
    discount_pct: int
    timing: str


class InboxReadingOut(TypedDict):
    """What a text was read as."""

    intent: InboxIntent
    intent_confidence: float
    sentiment_score: float
    sentiment_label: str
    urgency: RiskLevel
    language: str
    topics: list[str]
    entities: InboxEntitiesOut
    next_best_action: InboxActionOut
    requires_human: InboxHumanOut
    reasons: list[str]


class InboxReplyInRequest(TypedDict):
    """An answer."""

    text: str
    subject: NotRequired[str]
    seen: NotRequired[str]
    send_at: NotRequired[str]


class InboxReplyOut(TypedDict):
    """An answer on its way."""

    id: str
    direction: InboxDirection
    channel: InboxChannel
    sender_name: str
    sender_address: str
    author: str
    subject: str
    text: str
    at: str
    delivery: str
    send_at: str


class InboxResponseOut(TypedDict):
    """One message of theirs, and how far it is."""

    id: str
    status: InboxResponseStatus
    conversation: str
    channel: InboxChannel
    sender_name: str
    sender_address: str
    subject: str
    text: str
    intent: str
    urgency: RiskLevel
    assigned_to: InboxPersonOut | None
    is_flagged: bool
    flag_reason: str
    at: str
    received_at: str | None
    due_at: str | None
    answered_at: str | None
    breached_at: str | None
    kept: bool | None


class InboxScoresOut(TypedDict):
    """What people said of how it was, from 1 to 5."""

    rated: int
    satisfied: int
    satisfied_share: float | None
    mean_score: float | None


class InboxSnoozeInRequest(TypedDict):
    """Until when it is out of sight."""

    until: str


class InboxSplitInRequest(TypedDict):
    """Messages of theirs that get a conversation of their own."""

    responses: list[str]


class InboxSpreadOut(TypedDict):
    """How long something took."""

    count: int
    mean_minutes: float | None
    median_minutes: float | None
    p90_minutes: float | None


class InboxSuggestInRequest(TypedDict):
    """A message of theirs."""

    response: str


class InboxSuggestOut(TypedDict):
    """An answer that nobody kept or sent; without a template that fits it is empty."""

    text: str
    subject: str
    template: str | None
    why: str


class InboxSuggestedOut(TypedDict):
    """How to answer an objection."""

    tone: str
    key_points: list[str]
    template: str


class InboxTagsInRequest(TypedDict):
    """Tags to add and to take off."""

    add: NotRequired[list[str]]
    remove: NotRequired[list[str]]


class InboxTextInRequest(TypedDict):
    """A text."""

    text: str


class InboxVolumeOut(TypedDict):
    """Messages, theirs and ours; what machines wrote is left out."""

    incoming: int
    outgoing: int


class IncrementOut(TypedDict):
    """What a stage change is worth."""

    stage_from: str | None
    stage_to: str
    synthetic_value: str
    calculated_value: str
    confidence: float
    is_known: bool
    reason: str
    currency: str
    timestamp: str


class InsightChannelOut(TypedDict):
    """A channel; ``avg_roi`` is the plain mean over its campaigns with cost."""

    impressions: int
    clicks: int
    engagement: int
    cost: str
    conversions: str | None
    revenue: str
    pipeline_value: str
    installs: int
    ctr: float | None
    cpc: float | None
    conversion_rate: float | None
    roi: float | None
    roas: float | None
    pipeline_roas: float | None
    acquisition_cost: float | None
    cpi: float | None
    cpm: float | None
    channel: str
    campaigns: int
    avg_roi: float | None


class InsightSummaryOut(TypedDict):
    """All campaigns of a period; changes are percent against the days before it."""

    currency: str
    date_from: str
    date_to: str
    missing_rates: list[str]
    total_campaigns: int
    total_roi: float | None
    avg_roi: float | None
    avg_conversion_rate: float | None
    total_clicks: int
    total_impressions: int
    avg_acquisition_cost: float | None
    roi_change: float | None
    conversion_change: float | None
    clicks_change: float | None
    cost_change: float | None
    channels: list[InsightChannelOut]
    top_performing_channel: str | None
    worst_performing_channel: str | None


class InstallInRequest(TypedDict):
    """A user who installed the app."""

    user_id: str
    installed_on: str
    channel: NotRequired[str]
    source: NotRequired[InstallInSourceEnum]
    campaign_id: NotRequired[str]
    creative_id: NotRequired[str]
    ad_id: NotRequired[str]
    device_type: NotRequired[DeviceTypeEnum]
    device_model: NotRequired[str]
    os_version: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    city: NotRequired[str]


class InstallsInRequest(TypedDict):
    """A batch of installs."""

    installs: list[InstallInRequest]


class JobPerformanceByTenantOut(TypedDict):
    """Runs of the last 7 days by workspace and job (``v_job_performance_by_tenant``)."""

    row_key: str
    tenant_id: str
    job_name: str
    runs: int
    failed: int
    mean_duration_ms: NotRequired[float | None]
    p95_duration_ms: NotRequired[float | None]
    last_finished_at: NotRequired[str | None]


class JobQueueHealthOut(TypedDict):
    """Runs of the last hour by workspace and job (``v_job_queue_health``)."""

    row_key: str
    tenant_id: str
    job_name: str
    queued: int
    running: int
    done: int
    failed: int
    oldest_queued_at: NotRequired[str | None]
    mean_duration_ms: NotRequired[float | None]
    retry: int
    expired: int


class JobRunOut(TypedDict):
    """One run of a job."""

    id: str
    name: str
    trigger: str
    state: JobState
    attempt: int
    next_attempt_at: str | None
    step: str
    done: int
    total: int | None
    counts: Any
    error: str
    queued_at: str
    started_at: str | None
    finished_at: str | None


class JourneyOut(TypedDict):
    """One journey of a person."""

    journey_id: str
    conversion_id: str | None
    conversion_type: str | None
    ended_at: str
    value: AmountOut | None
    touches: list[TouchOut]


class KeepPlanInRequest(TypedDict):
    """A plan to keep."""

    budgets: NotRequired[dict[str, float]]
    shifts: NotRequired[dict[str, float]]
    horizon_days: NotRequired[int]
    name: str
    creative_refresh: NotRequired[float]
    bid_change_pct: NotRequired[float]
    pause_worst_pct: NotRequired[float]
    influencer_spend: NotRequired[float]
    content_cadence: NotRequired[float]
    push_volume: NotRequired[float]


class KeyOut(TypedDict):
    """The key that was used, without what opens it."""

    name: str
    kind: KeyOutKindEnum
    prefix: str
    scopes: list[str]
    expires_at: str | None


class KillSwitchInRequest(TypedDict):
    """Pull or release the brake."""

    on: bool
    reason: str


class KillSwitchOut(TypedDict):
    """The brake."""

    on: bool
    reason: str
    since: str | None


class LaunchInRequest(TypedDict):
    """The plan to send, the newest one unless told, and why."""

    plan: NotRequired[str]
    reason: NotRequired[str]


class LedgerPredictedOut(TypedDict):
    """What was told before, in words."""

    metric: str
    delta: str
    interval: str
    per: str
    horizon_days: int


class LedgerRowOut(TypedDict):
    """One change that was carried out."""

    id: str
    at: str
    kind: str
    status: ProposalStatus
    subject: str
    subject_key: str
    summary: str
    before: str
    after: str
    money_at_stake: AmountOut | None
    proposer: ProposerOut
    signed_by: list[str]
    predicted: LedgerPredictedOut | None
    realised: dict[str, Any] | None
    effect: EffectEnum
    error: str
    reverts: NotRequired[str | None]
    can_undo: bool


class LeftOutOut(TypedDict):
    """A budget that stays."""

    budget: str
    why: str


class LeverEffectOut(TypedDict):
    """What a lever that was moved is believed to do."""

    lever: str
    target: str
    elasticity: float
    error: float
    source: str
    reason: str


class LiftInRequest(TypedDict):
    """Why they may be written to again."""

    reason: str


class LineOut(TypedDict):
    """One day, or one key."""

    key: str
    entered: int
    completed: int
    rate: float | None
    reached: list[int]
    revenue: AmountOut


class MadeActionOut(TypedDict):
    """What was made of a recommended action."""

    suggestion: str
    action_type: str
    label: str
    proposal: NotRequired[str | None]
    url: str


class MatchOut(TypedDict):
    """One winner that is alike."""

    ad_id: str
    external_id: str
    name: str
    similarity: float
    is_near_duplicate: bool
    metadata: dict[str, Any]


class MatcherInRequest(TypedDict):
    """Pages or events."""

    kind: FunnelMatcherKind
    match: str
    where: NotRequired[list[FilterInRequest]]


class MatcherOut(TypedDict):
    """Pages or events."""

    kind: FunnelMatcherKind
    match: str
    where: list[FilterOut]


class MetricOut(TypedDict):
    """A metric to choose from."""

    key: str
    name: str
    kind: str
    source: str
    event: str
    amount: str
    per_event: str
    per_amount: str
    window_h: int
    cap: str | None
    goal: str
    covariate_days: int


class MetricResultOut(TypedDict):
    """A metric of all variants."""

    metric: str
    name: str
    kind: str
    goal: str
    role: RoleEnum
    figures: list[FigureOut]


class ModelCardOut(TypedDict):
    """One version with its card, and how to make it again."""

    id: str
    name: str
    version: int
    stage: ModelStage
    is_eligible: bool
    verdict: str
    metrics: Any
    baselines: Any
    rows: int
    held_out: int
    created_at: str
    created_by: str
    promoted_at: str | None
    archived_at: str | None
    canary_share: str | None
    format: ModelCardOutFormatEnum
    sha256: str
    size_bytes: int
    features: list[str]
    seed: int
    data_from: str | None
    data_until: str | None
    data_sha256: str
    code_version: str
    card: Any
    canary: CanaryOut | None
    shadow: ShadowReportOut | None
    drift: DriftReportOut | None


class ModelPredictionInRequest(TypedDict):
    """Whom or what to predict: rows, users of the app, or campaigns; one of the three."""

    rows: NotRequired[list[dict[str, Any]]]
    user_ids: NotRequired[list[str]]
    campaign_ids: NotRequired[list[str]]


class ModelPredictionOut(TypedDict):
    """What the model says of one row."""

    subject: str
    prediction: float
    figures: list[float]
    reasons: list[ModelReasonOut]
    version: int
    version_id: str
    sha256: str


class ModelPredictionsOut(TypedDict):
    """What a version said, and how to have it said again."""

    model: str
    unit: str
    outputs: list[str]
    version: int
    version_id: str
    sha256: str
    code_version: str
    prediction_id: str
    predictions: list[ModelPredictionOut]


class ModelReasonOut(TypedDict):
    """What a feature added."""

    feature: str
    effect: float


class ModelVersionOut(TypedDict):
    """One version."""

    id: str
    name: str
    version: int
    stage: ModelStage
    is_eligible: bool
    verdict: str
    metrics: Any
    baselines: Any
    rows: int
    held_out: int
    created_at: str
    created_by: str
    promoted_at: str | None
    archived_at: str | None
    canary_share: str | None


class NamedOut(TypedDict):
    """A campaign or an ad."""

    id: str
    name: str


class NewEndpointOut(TypedDict):
    """A new endpoint with its signing secret, which nothing shows again."""

    id: str
    url: str
    format: WebhookFormat
    event_types: list[str]
    is_enabled: bool
    disabled_reason: str
    created_at: str
    secret: str


class OptimizeBudgetInRequest(TypedDict):
    """A total to split."""

    total_budget: str
    bounds: NotRequired[dict[str, ChannelBoundsInRequest]]
    horizon_days: NotRequired[int]


class OptimizedBudgetOut(TypedDict):
    """The best plan that was found; a suggestion, nothing is stored or proposed."""

    allocation: dict[str, str]
    expected: dict[str, ExpectedOut]
    method: str
    baseline: BudgetBaselineOut
    gain: dict[str, ExpectedOut]
    optimized_for: str
    marginal_returns: dict[str, float]
    methods: list[BudgetRivalOut]
    horizon_days: int
    currency: str
    curves: str
    stated_priors: list[str]


class OrganicDayOut(TypedDict):
    """A day."""

    installs: int
    store_rank: int | None
    rating: float | None
    mentions: int | None
    sentiment: float | None
    dau: float | None
    mau: int | None
    stickiness: float | None
    d1: float | None
    d7: float | None
    d30: float | None
    date: str


class OrganicHaloOut(TypedDict):
    """How organic installs move with those by ads; null with a reason where data are thin."""

    date_from: str
    date_to: str
    days: int
    is_certain: bool
    elasticity: float | None
    low: float | None
    high: float | None
    organic_per_paid_install: float | None
    uplift: UpliftOut | None
    reason: str


class OrganicOut(TypedDict):
    """Who came without an ad and who stayed; what is not known is null."""

    installs: int
    store_rank: int | None
    rating: float | None
    mentions: int | None
    sentiment: float | None
    dau: float | None
    mau: int | None
    stickiness: float | None
    d1: float | None
    d7: float | None
    d30: float | None


class OrganicSummaryOut(TypedDict):
    """The organic dashboard's cards."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    figures: OrganicOut
    before: OrganicOut
    halo: OrganicHaloOut


class OrganicTrendsOut(TypedDict):
    """The organic dashboard's lines."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    days: list[OrganicDayOut]


class OutcomeOut(TypedDict):
    """What became of it."""

    state: OutcomeOutStateEnum
    sent_at: str | None
    sent_by: str | None
    proposals: list[str]
    counts: dict[str, int]
    left_out: list[LeftOutOut]
    effects: list[EffectOut]


class OutlookOut(TypedDict):
    """Where it goes."""

    trend: str
    forecast_accuracy: str


class OutreachBatchOut(TypedDict):
    """What becomes of each send of a batch, in their order."""

    sends: list[OutreachSentOut]


class OutreachCampaignInRequest(TypedDict):
    """A new draft."""

    name: str
    type: NotRequired[OutreachCampaignType]
    purpose: NotRequired[MessagePurpose]
    urgency: NotRequired[MessageUrgency]
    channels: NotRequired[list[MessageChannel]]
    priorities: NotRequired[dict[str, list[Literal["email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat"]]]]
    audience: NotRequired[str | None]
    test: NotRequired[str | None]
    budget: NotRequired[str | None]
    channel_budgets: NotRequired[dict[str, str]]
    daily_limit: NotRequired[int | None]
    personalisation: NotRequired[dict[str, Any]]
    goal: NotRequired[str]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    send_at_best_hour: NotRequired[bool]
    steps: NotRequired[list[CampaignStepInRequest]]


class OutreachCampaignOut(TypedDict):
    """A campaign as it is written; what goes out is its signed plan."""

    id: str
    name: str
    type: OutreachCampaignType
    purpose: MessagePurpose
    urgency: MessageUrgency
    status: OutreachCampaignStatus
    paused_reason: str
    channels: list[str]
    priorities: Any
    audience: NotRequired[str | None]
    test: NotRequired[str | None]
    budget: str | None
    channel_budgets: Any
    daily_limit: int | None
    personalisation: Any
    goal: str
    starts_at: str | None
    ends_at: str | None
    send_at_best_hour: bool
    launched_at: str | None
    ended_at: str | None
    archived_at: str | None
    created_at: str
    steps: list[CampaignStepOut]


class OutreachGroundOut(TypedDict):
    """One reason why a message was allowed, or was kept back."""

    about: str
    words: str
    is_against: bool


class OutreachMessageDetailOut(TypedDict):
    """A message with what it said and why it was allowed."""

    id: str
    contact: str
    campaign: NotRequired[str | None]
    channel: str
    purpose: str
    status: str
    is_unsure: bool
    attempt: int
    subject: str
    send_at: str
    sent_at: str | None
    delivered_at: str | None
    opened_at: str | None
    clicked_at: str | None
    replied_at: str | None
    failed_at: str | None
    open_count: int
    click_count: int
    refusal_reason: str
    error_kind: str
    error: str
    tries: int
    provider: str
    provider_message_id: str
    cost: str
    address: str
    text: str
    html: str
    variables: Any
    proof: Any
    grounds: list[OutreachGroundOut]
    proposal_id: str | None
    links_clicked: Any


class OutreachMessageOut(TypedDict):
    """A message."""

    id: str
    contact: str
    campaign: NotRequired[str | None]
    channel: str
    purpose: str
    status: str
    is_unsure: bool
    attempt: int
    subject: str
    send_at: str
    sent_at: str | None
    delivered_at: str | None
    opened_at: str | None
    clicked_at: str | None
    replied_at: str | None
    failed_at: str | None
    open_count: int
    click_count: int
    refusal_reason: str
    error_kind: str
    error: str
    tries: int
    provider: str
    provider_message_id: str
    cost: str


class OutreachSendBatchInRequest(TypedDict):
    """The same text to several people; marketing is proposed as a campaign."""

    template: str
    reason: NotRequired[str]
    contacts: list[str]
    purpose: NotRequired[MessagePurpose]
    name: NotRequired[str]


class OutreachSendInRequest(TypedDict):
    """One message."""

    template: NotRequired[str]
    reason: NotRequired[str]
    contact: NotRequired[str]
    address: NotRequired[str]
    channel: NotRequired[MessageChannel]
    purpose: NotRequired[MessagePurpose]
    subject: NotRequired[str]
    text: NotRequired[str]
    html: NotRequired[str]
    variables: NotRequired[dict[str, Any]]
    send_at: NotRequired[str]
    force: NotRequired[bool]
    is_reply: NotRequired[bool]


class OutreachSentOut(TypedDict):
    """What becomes of a send."""

    status: str
    reason: str
    words: str
    channel: str
    send_at: str | None
    fallbacks: list[str]
    message: NotRequired[str | None]


class OutreachTaskOut(TypedDict):
    """Something that a person has to send or to decide."""

    id: str
    message: str
    contact: str
    channel: str
    text: str
    reason: str
    link: str
    due_at: str | None
    done_at: str | None
    is_sent: bool
    done_by: str


class PageViewOut(TypedDict):
    """A page that was seen."""

    id: str
    position: int
    at: str
    url: NotRequired[str]
    path: NotRequired[str]
    title: NotRequired[str]
    referrer: NotRequired[str]
    stage: FunnelStage
    is_conversion_page: bool
    is_exit: bool
    seconds: float
    scroll: int
    interactions: int
    variants: NotRequired[Any]


class PaginatedABResultsOutList(TypedDict):
    """PaginatedABResultsOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ABResultsOut]


class PaginatedABTestOutList(TypedDict):
    """PaginatedABTestOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ABTestOut]


class PaginatedAccountOutList(TypedDict):
    """PaginatedAccountOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AccountOut]


class PaginatedAdOutList(TypedDict):
    """PaginatedAdOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AdOut]


class PaginatedAdSetOutList(TypedDict):
    """PaginatedAdSetOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AdSetOut]


class PaginatedAgentConnectionOutList(TypedDict):
    """PaginatedAgentConnectionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AgentConnectionOut]


class PaginatedAlertOutList(TypedDict):
    """PaginatedAlertOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AlertOut]


class PaginatedAlertRuleOutList(TypedDict):
    """PaginatedAlertRuleOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AlertRuleOut]


class PaginatedAudienceOutList(TypedDict):
    """PaginatedAudienceOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[AudienceOut]


class PaginatedBestPracticeOutList(TypedDict):
    """PaginatedBestPracticeOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[BestPracticeOut]


class PaginatedCampaignActivitySummaryOutList(TypedDict):
    """PaginatedCampaignActivitySummaryOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CampaignActivitySummaryOut]


class PaginatedCampaignRowOutList(TypedDict):
    """PaginatedCampaignRowOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CampaignRowOut]


class PaginatedCampaignStatusOutList(TypedDict):
    """PaginatedCampaignStatusOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CampaignStatusOut]


class PaginatedChannelAdviceOutList(TypedDict):
    """PaginatedChannelAdviceOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ChannelAdviceOut]


class PaginatedChannelAdviceWithEvidenceOutList(TypedDict):
    """PaginatedChannelAdviceWithEvidenceOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ChannelAdviceWithEvidenceOut]


class PaginatedCheckLineOutList(TypedDict):
    """PaginatedCheckLineOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CheckLineOut]


class PaginatedConnectionOutList(TypedDict):
    """PaginatedConnectionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ConnectionOut]


class PaginatedConsentsOutList(TypedDict):
    """PaginatedConsentsOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ConsentsOut]


class PaginatedContactImportOutList(TypedDict):
    """PaginatedContactImportOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ContactImportOut]


class PaginatedContactOutList(TypedDict):
    """PaginatedContactOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ContactOut]


class PaginatedConversionOutList(TypedDict):
    """PaginatedConversionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ConversionOut]


class PaginatedCreativeOutList(TypedDict):
    """PaginatedCreativeOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CreativeOut]


class PaginatedCrmContactOutList(TypedDict):
    """PaginatedCrmContactOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[CrmContactOut]


class PaginatedDeliveryOutList(TypedDict):
    """PaginatedDeliveryOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[DeliveryOut]


class PaginatedEndpointOutList(TypedDict):
    """PaginatedEndpointOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[EndpointOut]


class PaginatedFailedJobOutList(TypedDict):
    """PaginatedFailedJobOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[FailedJobOut]


class PaginatedFunnelOutList(TypedDict):
    """PaginatedFunnelOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[FunnelOut]


class PaginatedFunnelReportOutList(TypedDict):
    """PaginatedFunnelReportOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[FunnelReportOut]


class PaginatedHistoryOutList(TypedDict):
    """PaginatedHistoryOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[HistoryOut]


class PaginatedImportOutList(TypedDict):
    """PaginatedImportOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ImportOut]


class PaginatedInboxAlertOutList(TypedDict):
    """PaginatedInboxAlertOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[InboxAlertOut]


class PaginatedInboxConversationOutList(TypedDict):
    """PaginatedInboxConversationOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[InboxConversationOut]


class PaginatedInboxResponseOutList(TypedDict):
    """PaginatedInboxResponseOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[InboxResponseOut]


class PaginatedJobPerformanceByTenantOutList(TypedDict):
    """PaginatedJobPerformanceByTenantOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[JobPerformanceByTenantOut]


class PaginatedJobQueueHealthOutList(TypedDict):
    """PaginatedJobQueueHealthOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[JobQueueHealthOut]


class PaginatedJobRunOutList(TypedDict):
    """PaginatedJobRunOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[JobRunOut]


class PaginatedLedgerRowOutList(TypedDict):
    """PaginatedLedgerRowOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[LedgerRowOut]


class PaginatedMetricOutList(TypedDict):
    """PaginatedMetricOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[MetricOut]


class PaginatedModelVersionOutList(TypedDict):
    """PaginatedModelVersionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ModelVersionOut]


class PaginatedOutreachCampaignOutList(TypedDict):
    """PaginatedOutreachCampaignOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[OutreachCampaignOut]


class PaginatedOutreachMessageOutList(TypedDict):
    """PaginatedOutreachMessageOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[OutreachMessageOut]


class PaginatedOutreachTaskOutList(TypedDict):
    """PaginatedOutreachTaskOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[OutreachTaskOut]


class PaginatedPaidRowOutList(TypedDict):
    """PaginatedPaidRowOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PaidRowOut]


class PaginatedPendingOutList(TypedDict):
    """PaginatedPendingOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PendingOut]


class PaginatedPerformanceOutList(TypedDict):
    """PaginatedPerformanceOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PerformanceOut]


class PaginatedPlanDiffOutList(TypedDict):
    """PaginatedPlanDiffOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PlanDiffOut]


class PaginatedPlannedSendOutList(TypedDict):
    """PaginatedPlannedSendOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PlannedSendOut]


class PaginatedPlatformInsightOutList(TypedDict):
    """PaginatedPlatformInsightOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PlatformInsightOut]


class PaginatedPredictionOutList(TypedDict):
    """PaginatedPredictionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[PredictionOut]


class PaginatedProposalOutList(TypedDict):
    """PaginatedProposalOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ProposalOut]


class PaginatedRateLimitStatusOutList(TypedDict):
    """PaginatedRateLimitStatusOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[RateLimitStatusOut]


class PaginatedRecentBudgetChangeOutList(TypedDict):
    """PaginatedRecentBudgetChangeOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[RecentBudgetChangeOut]


class PaginatedReplyTemplateOutList(TypedDict):
    """PaginatedReplyTemplateOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ReplyTemplateOut]


class PaginatedSafetyCheckFailureOutList(TypedDict):
    """PaginatedSafetyCheckFailureOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SafetyCheckFailureOut]


class PaginatedScenarioOutList(TypedDict):
    """PaginatedScenarioOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[ScenarioOut]


class PaginatedSignalOutList(TypedDict):
    """PaginatedSignalOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SignalOut]


class PaginatedSocialAccountOutList(TypedDict):
    """PaginatedSocialAccountOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SocialAccountOut]


class PaginatedSocialAdvocateOutList(TypedDict):
    """PaginatedSocialAdvocateOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SocialAdvocateOut]


class PaginatedSocialEngagementOutList(TypedDict):
    """PaginatedSocialEngagementOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SocialEngagementOut]


class PaginatedSocialFunnelOutList(TypedDict):
    """PaginatedSocialFunnelOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SocialFunnelOut]


class PaginatedSocialPostOutList(TypedDict):
    """PaginatedSocialPostOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SocialPostOut]


class PaginatedStageValueOutList(TypedDict):
    """PaginatedStageValueOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[StageValueOut]


class PaginatedSuggestionOutList(TypedDict):
    """PaginatedSuggestionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SuggestionOut]


class PaginatedSuppressionOutList(TypedDict):
    """PaginatedSuppressionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SuppressionOut]


class PaginatedSyntheticRevenueSummaryOutList(TypedDict):
    """PaginatedSyntheticRevenueSummaryOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[SyntheticRevenueSummaryOut]


class PaginatedTextOutList(TypedDict):
    """PaginatedTextOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[TextOut]


class PaginatedTextVersionOutList(TypedDict):
    """PaginatedTextVersionOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[TextVersionOut]


class PaginatedWebsiteAdviceOutList(TypedDict):
    """PaginatedWebsiteAdviceOutList."""

    next: NotRequired[str]
    previous: NotRequired[str]
    results: list[WebsiteAdviceOut]


class PaidRowOut(TypedDict):
    """A channel or a campaign of the paid-media page."""

    impressions: int
    clicks: int
    engagement: int
    cost: str
    conversions: str | None
    revenue: str
    pipeline_value: str
    installs: int
    ctr: float | None
    cpc: float | None
    conversion_rate: float | None
    roi: float | None
    roas: float | None
    pipeline_roas: float | None
    acquisition_cost: float | None
    cpi: float | None
    cpm: float | None
    channel: str
    id: NotRequired[str]
    name: NotRequired[str]


class PairInRequest(TypedDict):
    """One proposal and the plan that was seen."""

    id: str
    plan_sha256: str


class PartInRequest(TypedDict):
    """A metric and its part."""

    metric: str
    role: NotRequired[RoleEnum]
    harm_bp: NotRequired[int]


class PartOut(TypedDict):
    """A metric and its part."""

    metric: str
    name: str
    role: RoleEnum
    harm_bp: int


class PatchedABTestChangeInRequest(TypedDict):
    """What is to change of a draft."""

    name: NotRequired[str]
    key: NotRequired[str]
    hypothesis: NotRequired[str]
    type: NotRequired[ABTestType]
    surface: NotRequired[SurfaceEnum]
    channel: NotRequired[str]
    targeting: NotRequired[dict[str, Any]]
    traffic: NotRequired[int]
    layer: NotRequired[str | None]
    layer_from: NotRequired[int]
    layer_to: NotRequired[int]
    mode: NotRequired[ABTestMode]
    method: NotRequired[ABTestMethod]
    alpha_bp: NotRequired[int]
    power_bp: NotRequired[int]
    minimum_effect_bp: NotRequired[int]
    planned_units: NotRequired[int | None]
    min_days: NotRequired[int]
    max_days: NotRequired[int]
    holdback: NotRequired[int]
    planned_for: NotRequired[str | None]
    website: NotRequired[PlaceInRequest | None]
    variants: NotRequired[list[VariantInRequest]]
    metrics: NotRequired[list[PartInRequest]]


class PatchedAlertReadInRequest(TypedDict):
    """Read, or not any more."""

    is_read: NotRequired[bool]


class PatchedAlertRuleInRequest(TypedDict):
    """A line; of a change, the fields that change."""

    name: NotRequired[str]
    type: NotRequired[AlertType]
    metric: NotRequired[AlertMetric]
    operator: NotRequired[AlertOperator]
    threshold: NotRequired[str]
    basis: NotRequired[BasisEnum]
    lookback_days: NotRequired[int]
    scope: NotRequired[ScopeEnum]
    channel: NotRequired[str]
    also_metric: NotRequired[AlertMetric | BlankEnum]
    also_operator: NotRequired[AlertOperator | BlankEnum]
    also_threshold: NotRequired[str | None]
    severity: NotRequired[AlertSeverity]
    cooldown_hours: NotRequired[int]
    is_enabled: NotRequired[bool]


class PatchedAudienceChangeInRequest(TypedDict):
    """What is to change of an audience."""

    name: NotRequired[str]
    description: NotRequired[str]
    rules: NotRequired[Any]
    add: NotRequired[list[str]]
    remove: NotRequired[list[str]]
    add_from: NotRequired[str]
    is_archived: NotRequired[bool]


class PatchedContactChangeInRequest(TypedDict):
    """What is to change; ``is_archived`` puts a contact away, or takes it back."""

    external_id: NotRequired[str]
    first_name: NotRequired[str]
    last_name: NotRequired[str]
    locale: NotRequired[str]
    time_zone: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    preferred_channel: NotRequired[MessageChannel | BlankEnum]
    attributes: NotRequired[dict[str, Any]]
    points: NotRequired[list[PointInRequest]]
    user_id: NotRequired[str]
    crm_contact: NotRequired[str]
    is_archived: NotRequired[bool]


class PatchedEditInRequest(TypedDict):
    """Other values for the same subject."""

    request: NotRequired[dict[str, Any]]
    why: NotRequired[str]


class PatchedEndpointEditInRequest(TypedDict):
    """Switch an endpoint on or off."""

    is_enabled: NotRequired[bool]


class PatchedOutreachCampaignChangeInRequest(TypedDict):
    """What is to change of a campaign."""

    name: NotRequired[str]
    type: NotRequired[OutreachCampaignType]
    purpose: NotRequired[MessagePurpose]
    urgency: NotRequired[MessageUrgency]
    channels: NotRequired[list[MessageChannel]]
    priorities: NotRequired[dict[str, list[Literal["email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat"]]]]
    audience: NotRequired[str | None]
    test: NotRequired[str | None]
    budget: NotRequired[str | None]
    channel_budgets: NotRequired[dict[str, str]]
    daily_limit: NotRequired[int | None]
    personalisation: NotRequired[dict[str, Any]]
    goal: NotRequired[str]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    send_at_best_hour: NotRequired[bool]
    steps: NotRequired[list[CampaignStepInRequest]]


class PatchedReplyTemplateChangeInRequest(TypedDict):
    """What is to change; other words are approved anew."""

    category: NotRequired[ReplyTemplateCategory]
    intents: NotRequired[list[InboxIntent]]
    channels: NotRequired[list[InboxChannel]]
    language: NotRequired[str]
    subject: NotRequired[str]
    requires_approval: NotRequired[bool]
    name: NotRequired[str]
    body: NotRequired[str]


class PatchedSocialFunnelChangeInRequest(TypedDict):
    """What is to be changed of a funnel."""

    name: NotRequired[str]
    platforms: NotRequired[list[SocialPlatform]]
    kinds: NotRequired[list[EngagementKind]]
    keywords: NotRequired[list[str]]
    least_interactions: NotRequired[int]
    least_score: NotRequired[int]
    least_followers: NotRequired[int]
    excluded: NotRequired[list[str]]
    daily_limit: NotRequired[int]
    public_reply: NotRequired[str]
    reply_after_min: NotRequired[int]
    dm_text: NotRequired[str]
    dm_after_min: NotRequired[int]
    follow_up: NotRequired[str | None]
    needs_approval: NotRequired[bool]


class PatchedTextChangeInRequest(TypedDict):
    """What is to change beside the words."""

    name: NotRequired[str]
    category: NotRequired[TemplateCategory]
    provider_key: NotRequired[str]
    version: NotRequired[int]
    is_archived: NotRequired[bool]


class PendingOut(TypedDict):
    """An ad change before its execution."""

    id: str
    status: ProposalStatus
    risk: RiskLevel
    summary: str
    reason: str
    proposer: ProposerOut
    plan_sha256: str
    ad_account: str
    entity_type: EntityTypeEnum
    entity_id: str
    entity_name: str
    change_type: ChangeTypeEnum
    current_value: Any
    requested_value: Any
    final_value: Any
    currency: str
    change_pct: str | None
    rest_value: Any
    rest_after: str | None
    created_at: str
    expires_at: str | None
    execute_after: str | None
    waiting_for: str
    platform_request_id: str
    error_class: str
    error_message: str


class PerformanceOut(TypedDict):
    """Sums of one group in one currency; of the group's names only the asked one is there."""

    impressions: int
    clicks: int
    engagement: int
    cost: str
    conversions: str | None
    revenue: str
    pipeline_value: str
    installs: int
    ctr: float | None
    cpc: float | None
    conversion_rate: float | None
    roi: float | None
    roas: float | None
    pipeline_roas: float | None
    currency: str
    conversions_usable: bool
    day: NotRequired[str]
    channel: NotRequired[str]
    campaign: NotRequired[NamedOut]
    ad: NotRequired[NamedOut]


class PersonJourneysOut(TypedDict):
    """The newest journeys of a person."""

    user_id: str
    journeys: list[JourneyOut]


class PersonOut(TypedDict):
    """A person."""

    email: str
    name: str


class PlaceInRequest(TypedDict):
    """Where on a website it lives."""

    site: str
    page_pattern: NotRequired[str]
    selector: NotRequired[str]


class PlaceOut(TypedDict):
    """Where on a website it lives."""

    site: str
    page_pattern: str
    selector: str
    deployed_at: str | None


class PlanDetailOut(TypedDict):
    """A plan with its evidence."""

    version: int
    sha256: str
    body: Any
    verdict: list[CheckOut]
    policy_version: str
    risk: RiskLevel
    rank_required: RankRequiredEnum
    signatures_required: int
    is_blocked: bool
    predicted: Any
    confidence: str | None
    why: str
    created_at: str
    evidence: Any
    edited_by: str | None


class PlanDiffOut(TypedDict):
    """A plan, against the one that is being sent."""

    plan: SendPlanOut
    against: NotRequired[str | None]
    changes: list[PlanGroupOut]
    recipients: PlanGroupOut
    blocked: list[PlanGroupOut]
    needs_signature: list[str]


class PlanGroupOut(TypedDict):
    """People of whom something is said, how many, and a few of them."""

    key: str
    label: str
    count: int
    people: list[PlanPersonOut]


class PlanLineOut(TypedDict):
    """A channel, or the total, over the horizon."""

    channel: str
    source: str
    spend: float
    present_spend: float
    installs: BesideOut | None
    revenue: BesideOut | None
    cost_per_install: BesideOut | None
    roas: BesideOut | None


class PlanOut(TypedDict):
    """What a signature is for: send its ``sha256`` when you sign."""

    version: int
    sha256: str
    body: Any
    verdict: list[CheckOut]
    policy_version: str
    risk: RiskLevel
    rank_required: RankRequiredEnum
    signatures_required: int
    is_blocked: bool
    predicted: Any
    confidence: str | None
    why: str
    created_at: str


class PlanPersonOut(TypedDict):
    """Somebody of a group."""

    name: str
    contact: str
    address: str
    channel: str
    send_at: str | None
    why: str


class PlanProposedOut(TypedDict):
    """What waits for a signature now."""

    status: str
    proposal_id: str
    plan_sha256: str
    summary: str


class PlanResultsOut(TypedDict):
    """What a plan brings beside the present one."""

    fit: str
    engine_version: str
    fitted_on: FiguresDaysOut
    currency: str
    unit: str
    value_name: NotRequired[str]
    horizon_days: int
    lines: list[PlanLineOut]
    total: PlanLineOut
    more_likely: float
    app: dict[str, AppFigureOut]
    effects: list[LeverEffectOut]
    narrative: list[str]


class PlannedSendOut(TypedDict):
    """What a plan says of one person."""

    contact: str
    step: int
    outcome: SendOutcome
    channel: str
    address: NotRequired[str]
    variant: str
    send_at: str | None
    wave: int
    cost: str


class PlatformInsightOut(TypedDict):
    """What the figures of a network say."""

    id: int
    platform: SocialPlatform
    type: InsightType
    date: str
    period: InsightPeriod
    data: NotRequired[Any]
    key_metric: str
    key_value: float
    change: NotRequired[float | None]
    recommendation: NotRequired[str]
    confidence: float
    fetched_at: str


class PointInRequest(TypedDict):
    """An address; of several on a channel the first is written to first."""

    channel: MessageChannel
    address: str


class PointOut(TypedDict):
    """An address and how it answers."""

    channel: MessageChannel
    address: str
    position: int
    is_reachable: bool
    unreachable_reason: str
    verified_at: str | None
    last_inbound_at: str | None
    sent: int
    opened: int
    clicked: int
    replied: int


class PolicyInRequest(TypedDict):
    """Some fields changed; those that are not named stay as they are."""

    values: dict[str, Any]
    ad_account: NotRequired[str]
    why: NotRequired[str]


class PolicyOut(TypedDict):
    """One version."""

    version: int
    name: str
    ad_account: NotRequired[str | None]
    why: str
    created_by: str | None
    created_at: str | None
    loosens: list[str]
    confirmed_by: str | None
    effective_at: str | None
    values: PolicyValues


class PolicyValues(TypedDict):
    """The numbers of a policy; amounts a day in the workspace's currency."""

    jitter_min_ms: NotRequired[int]
    jitter_max_ms: NotRequired[int]
    fuzz_pct: NotRequired[str]
    rate_campaign_hour: NotRequired[int]
    rate_workspace_day: NotRequired[int]
    platform_rate_hour: NotRequired[int]
    velocity_pct: NotRequired[str]
    velocity_window_h: NotRequired[int]
    min_daily_budget: NotRequired[str]
    max_daily_budget: NotRequired[str | None]
    max_workspace_daily_total: NotRequired[str | None]
    max_change_pct: NotRequired[str]
    learning_mode: NotRequired[LearningModeEnum]
    learning_edit_pct: NotRequired[str]
    freshness_h: NotRequired[int]
    blackout_weekly: NotRequired[Any]
    blackout_dates: NotRequired[Any]
    drift_pct: NotRequired[str]
    auto_approve_enabled: NotRequired[bool]
    auto_max_change_pct: NotRequired[str]
    auto_max_increase: NotRequired[str]
    auto_max_result: NotRequired[str]
    auto_min_confidence: NotRequired[str]
    four_eyes_result: NotRequired[str]
    high_pause_spend: NotRequired[str]
    high_change_pct: NotRequired[str]
    medium_change_pct: NotRequired[str]
    medium_confidence: NotRequired[str]
    expiry_h: NotRequired[int]
    ignorance_zone_days: NotRequired[str]
    ignorance_zone_spend: NotRequired[str]
    ignorance_rule: NotRequired[IgnoranceRuleEnum]
    min_spend_for_kill: NotRequired[str]
    kill_pipeline_roas: NotRequired[str]
    scale_pipeline_roas: NotRequired[str]
    roas_threshold: NotRequired[str]
    max_budget_change: NotRequired[str]
    confidence_threshold: NotRequired[str]
    decay_form: NotRequired[DecayFormEnum]


class PowerInRequest(TypedDict):
    """A test to size."""

    baseline: float
    minimum_effect: NotRequired[float]
    variance: NotRequired[float]
    alpha: NotRequired[float]
    power: NotRequired[float]
    variants: NotRequired[int]
    method: NotRequired[ABTestMethod]
    daily_units: NotRequired[float]
    min_days: NotRequired[int]
    max_days: NotRequired[int]


class PredictionOut(TypedDict):
    """What a campaign's coming days are likely to return; low and high hold 80 %."""

    id: str
    campaign_id: str
    campaign: str
    channel: str
    day: str
    horizon_days: int
    predicted_roi: float
    predicted_roas: float
    low: float
    high: float
    risk_level: RiskLevel
    model_version: str
    feature_importance: dict[str, float]
    actual_roas: NotRequired[float | None]
    created_at: str


class ProblemOut(TypedDict):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: NotRequired[str]
    errors: NotRequired[list[FieldErrorOut]]


class PromotionInRequest(TypedDict):
    """Why a version should serve, and how it begins."""

    reason: str
    canary_share: NotRequired[str | None]
    canary_days: NotRequired[int | None]


class PromotionProposedOut(TypedDict):
    """What waits for a signature now."""

    status: str
    proposal_id: str
    plan_sha256: str
    summary: str


class ProposalDetailOut(TypedDict):
    """A proposal with its whole story."""

    id: str
    kind: str
    status: ProposalStatus
    risk: RiskLevel
    subject: str
    subject_key: str
    summary: str
    reason: str
    proposer: ProposerOut
    money_at_stake: AmountOut | None
    plan: PlanDetailOut | None
    bundle_id: str | None
    reverts: NotRequired[str | None]
    continues: NotRequired[str | None]
    superseded_by: NotRequired[str | None]
    can_undo: bool
    created_at: str
    expires_at: str | None
    snoozed_until: str | None
    decided_at: str | None
    decided_by: str | None
    decision_reason: str
    execute_after: str | None
    waiting_for: str
    attempts: int
    last_error: str
    executed_at: str | None
    result: Any
    realised: Any
    request: Any
    signatures: list[SignatureOut]
    tries: list[AttemptOut]


class ProposalInRequest(TypedDict):
    """A new proposal of any kind."""

    kind: str
    request: dict[str, Any]
    reason: str
    evidence: NotRequired[dict[str, Any]]


class ProposalOut(TypedDict):
    """A proposal as lists show it."""

    id: str
    kind: str
    status: ProposalStatus
    risk: RiskLevel
    subject: str
    subject_key: str
    summary: str
    reason: str
    proposer: ProposerOut
    money_at_stake: AmountOut | None
    plan: PlanOut | None
    bundle_id: str | None
    reverts: NotRequired[str | None]
    continues: NotRequired[str | None]
    superseded_by: NotRequired[str | None]
    can_undo: bool
    created_at: str
    expires_at: str | None
    snoozed_until: str | None
    decided_at: str | None
    decided_by: str | None
    decision_reason: str
    execute_after: str | None
    waiting_for: str
    attempts: int
    last_error: str
    executed_at: str | None
    result: Any
    realised: Any


class ProposedOut(TypedDict):
    """What waits for signatures now."""

    proposals: list[str]


class ProposerOut(TypedDict):
    """Who proposed."""

    type: ProposerOutTypeEnum
    key: str
    name: str


class PurchasesOut(TypedDict):
    """What they bought, counted daily."""

    purchases: int
    spent: str
    last_purchase_at: str | None
    recency: int
    frequency: int
    monetary: int
    segment: str
    counted_at: str


class QueuedOut(TypedDict):
    """The event waits for a worker."""

    status: QueuedOutStatusEnum
    task_id: str


class RateLimitStatusOut(TypedDict):
    """How much of a job's hourly limit is used (``v_rate_limit_status``)."""

    row_key: str
    tenant_id: str
    job_name: str
    runs_last_hour: int
    max_per_hour: NotRequired[int | None]
    status: str


class ReasonInRequest(TypedDict):
    """Why."""

    reason: str


class RecentBudgetChangeOut(TypedDict):
    """Budget changes of the last 24 hours (``v_recent_budget_changes``)."""

    history_id: int
    tenant_id: str
    account_name: str
    entity_type: str
    entity_external_id: str
    old_value: NotRequired[str | None]
    new_value: NotRequired[str | None]
    currency: str
    change_pct: NotRequired[str | None]
    triggered_by: str
    status: str
    completed_at: str


class RecommendationOut(TypedDict):
    """One arm's share."""

    ad_id: str
    current_budget: str
    recommended_budget: str
    change_percentage: float | None
    decision: RecommendationOutDecisionEnum
    confidence: float
    reason: str
    propensity: float
    explanation: str
    warnings: list[str]
    metrics: ArmMetricsOut


class RefusedOut(TypedDict):
    """One that was left out, and why."""

    id: str
    why: str


class RefusedSuggestionOut(TypedDict):
    """A suggestion that was not kept."""

    id: str
    reason: str


class RejectInRequest(TypedDict):
    """A refusal of one plan; the proposer learns from the reason."""

    plan_sha256: str
    why: str


class RejectedOut(TypedDict):
    """An event that could not be read."""

    index: int
    id: str
    field: str
    message: str


class RenderedTextOut(TypedDict):
    """The message."""

    subject: str
    preheader: str
    text: str
    html: str


class ReplyTemplateInRequest(TypedDict):
    """A new one."""

    category: NotRequired[ReplyTemplateCategory]
    intents: NotRequired[list[InboxIntent]]
    channels: NotRequired[list[InboxChannel]]
    language: NotRequired[str]
    subject: NotRequired[str]
    requires_approval: NotRequired[bool]
    name: str
    body: str


class ReplyTemplateOut(TypedDict):
    """An answer written beforehand."""

    id: str
    name: str
    category: ReplyTemplateCategory
    intents: list[str]
    channels: list[str]
    language: str
    subject: str
    body: str
    requires_approval: bool
    approved_by: InboxPersonOut | None
    approved_at: str | None
    uses: int
    archived_at: str | None


class RoiDayOut(TypedDict):
    """ROI of a channel on a day; null where nothing was spent."""

    date: str
    channel: str
    roi: float | None


class RollbackInRequest(TypedDict):
    """Why to go back, and from which version."""

    reason: str
    from_id: NotRequired[str | None]


class RulesInRequest(TypedDict):
    """Rules that need not be saved."""

    rules: Any


class SafetyCheckFailureOut(TypedDict):
    """What the safety checks or the platform stopped (``v_safety_check_failures``). Of each """

    row_key: str
    tenant_id: str
    proposal_id: int
    entity_external_id: str
    change_type: str
    failure: str
    reason: str
    at: str


class SaidInRequest(TypedDict):
    """What is said on a channel and purpose."""

    channel: MessageChannel
    purpose: NotRequired[MessagePurpose]
    is_given: bool


class SampleOut(TypedDict):
    """Somebody of an audience."""

    id: str
    name: str
    country: str
    points: list[PointOut]


class ScenarioOut(TypedDict):
    """A scenario that was kept."""

    id: str
    name: str
    created_at: str
    author: str
    inputs: dict[str, Any]
    results: PlanResultsOut
    outcome: OutcomeOut


class ScorecardOut(TypedDict):
    """How proposals of one proposer fared."""

    proposer: str
    label: str
    type: str
    proposed: int
    waiting: int
    signed: int
    rejected: int
    executed: int
    failed: int
    undone: int
    measured: int
    as_predicted: int
    right_direction: int


class ScorecardsOut(TypedDict):
    """Scorecards, most proposals first."""

    newest: int
    results: list[ScorecardOut]


class SearchGroupOut(TypedDict):
    """What was found of a kind."""

    key: str
    name: str
    is_slow: bool
    has_more: bool
    url: str
    results: list[SearchHitOut]


class SearchHitOut(TypedDict):
    """Something that was found."""

    id: str
    title: str
    note: str
    url: str


class SearchOut(TypedDict):
    """Groups with something in them, or without an answer in time."""

    q: str
    groups: list[SearchGroupOut]


class SegmentOut(TypedDict):
    """Part of the units; exploratory."""

    key: str
    units: int
    primary: MetricResultOut


class SelectInRequest(TypedDict):
    """Arms and a daily total to share out, in the workspace's currency."""

    ad_states: list[AdStateInRequest]
    total_budget: str
    mode: NotRequired[SelectInModeEnum]
    creative_dna_scores: NotRequired[dict[str, float]]


class SendPlanOut(TypedDict):
    """Who gets it and who does not, in figures; being made while it has no hash."""

    id: str
    number: int
    status: SendPlanStatus
    as_of: str
    recipients: int
    blocked: int
    counts: Any
    expected: Any
    cost: str
    rows_sha256: str
    audience_sha256: str
    waves: list[int]
    wave: int
    first_at: str | None
    last_at: str | None
    halted_reason: str
    activated_at: str | None


class SendReasonInRequest(TypedDict):
    """Why."""

    reason: str


class SeriesOut(TypedDict):
    """The primary metric as of the end of each day."""

    days: list[str]
    lines: list[DayLineOut]


class SessionOut(TypedDict):
    """One visit."""

    id: str
    site: str
    visitor: str
    number: NotRequired[int]
    started_at: str
    ended_at: str
    source: str
    medium: NotRequired[str]
    channel: str
    campaign: NotRequired[str]
    content: NotRequired[str]
    term: NotRequired[str]
    referrer: NotRequired[str]
    landing_page: NotRequired[str]
    exit_page: NotRequired[str]
    page_views: int
    events: int
    seconds: float
    is_bounce: bool
    furthest_stage: FunnelStage
    conversions: NotRequired[int]
    value: AmountOut | None
    engagement_score: int
    customer_type: NotRequired[CustomerType | BlankEnum]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    city: NotRequired[str]
    variants: NotRequired[Any]


class SessionWithPagesOut(TypedDict):
    """One visit with everything that was done in it."""

    id: str
    site: str
    visitor: str
    number: NotRequired[int]
    started_at: str
    ended_at: str
    source: str
    medium: NotRequired[str]
    channel: str
    campaign: NotRequired[str]
    content: NotRequired[str]
    term: NotRequired[str]
    referrer: NotRequired[str]
    landing_page: NotRequired[str]
    exit_page: NotRequired[str]
    page_views: int
    events: int
    seconds: float
    is_bounce: bool
    furthest_stage: FunnelStage
    conversions: NotRequired[int]
    value: AmountOut | None
    engagement_score: int
    customer_type: NotRequired[CustomerType | BlankEnum]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    city: NotRequired[str]
    variants: NotRequired[Any]
    pages: list[PageViewOut]
    done: list[WebEventOut]


class ShadowReportOut(TypedDict):
    """A version set against what serves, on users or campaigns that neither learnt from."""

    champion_version: int
    day: str
    rows: int
    campaigns: int | None
    metric: str
    champion_figure: float | None
    challenger_figure: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    moved: Any
    chance: Any
    rank_correlation: float | None
    same_decisions: float | None
    is_eligible: bool
    verdict: str


class SharesInRequest(TypedDict):
    """Who comes in from now on; whoever met a variant keeps it."""

    reason: str
    traffic: NotRequired[int]
    weights: NotRequired[dict[str, int]]


class SignInRequest(TypedDict):
    """A signature on one plan."""

    plan_sha256: str
    why: NotRequired[str]


class SignalOut(TypedDict):
    """One event."""

    id: str
    type: SignalType
    severity: SignalSeverity
    title: str
    description: str
    channel: str
    campaign: NotRequired[str | None]
    creative: NotRequired[str | None]
    began_on: str
    detected_on: str
    seen_on: str
    metrics: Any
    recommended_action: str
    predicted_impact: Any
    priority: float
    confidence: float
    dismissed_at: str | None
    resolved_at: str | None
    resolution: str


class SignatureOut(TypedDict):
    """One word on one plan."""

    plan_version: int
    person: str | None
    policy_version: str
    decision: SignatureOutDecisionEnum
    rank_held: str
    why: str
    at: str
    withdrawn_at: str | None


class SimulateInRequest(TypedDict):
    """An edited policy to try on the past."""

    values: dict[str, Any]
    ad_account: NotRequired[str]
    days: NotRequired[int]


class SimulatedOut(TypedDict):
    """One past proposal that the edited policy judges otherwise."""

    proposal: str
    summary: str
    was: str
    standing: str
    edited: str
    why: str


class SimulationOut(TypedDict):
    """Counts by verdict under both policies, and what would differ."""

    standing: dict[str, int]
    edited: dict[str, int]
    loosens: list[str]
    is_cut: bool
    differing: list[SimulatedOut]


class SizingOut(TypedDict):
    """What it takes."""

    units: int
    total_units: int
    typical_units: int | None
    days: int | None
    fits: bool | None


class SmsSizeOut(TypedDict):
    """What an SMS takes."""

    encoding: str
    units: int
    segments: int
    left: int


class SnoozeInRequest(TypedDict):
    """Hide until a moment."""

    until: str


class SocialAccountOut(TypedDict):
    """An account on a social network."""

    id: str
    platform: SocialPlatform
    external_id: str
    name: str
    followers: int
    connection: str
    connection_status: str
    synced_until: str | None


class SocialAdvocateOut(TypedDict):
    """Somebody who speaks for us."""

    id: str
    person: SocialPersonOut
    score: float
    tier: NotRequired[AdvocateTier | BlankEnum]
    interactions: NotRequired[int]
    active_weeks: NotRequired[int]
    is_active: NotRequired[bool]
    last_at: str
    since: str
    is_vip: NotRequired[bool]
    notes: NotRequired[str]
    scored_at: str


class SocialEngagementOut(TypedDict):
    """One thing that somebody did."""

    id: str
    platform: SocialPlatform
    external_id: str
    kind: EngagementKind
    person: SocialPersonOut
    post: NotRequired[str | None]
    text: NotRequired[str]
    at: str
    value: float
    influence: NotRequired[float]
    intent: NotRequired[str]
    sentiment: NotRequired[float | None]
    is_possible_advocate: NotRequired[bool]
    auto_responded_at: NotRequired[str | None]
    dm_at: NotRequired[str | None]
    converted_at: NotRequired[str | None]
    conversion_value: NotRequired[str | None]


class SocialFunnelInRequest(TypedDict):
    """A funnel."""

    name: str
    platforms: list[SocialPlatform]
    kinds: NotRequired[list[EngagementKind]]
    keywords: NotRequired[list[str]]
    least_interactions: NotRequired[int]
    least_score: NotRequired[int]
    least_followers: NotRequired[int]
    excluded: NotRequired[list[str]]
    daily_limit: NotRequired[int]
    public_reply: NotRequired[str]
    reply_after_min: NotRequired[int]
    dm_text: NotRequired[str]
    dm_after_min: NotRequired[int]
    follow_up: NotRequired[str | None]
    needs_approval: NotRequired[bool]


class SocialFunnelOut(TypedDict):
    """A funnel with how many went through."""

    id: str
    name: str
    is_on: NotRequired[bool]
    platforms: list[SocialPlatform]
    kinds: NotRequired[list[EngagementKind]]
    keywords: NotRequired[list[str]]
    least_interactions: NotRequired[int]
    least_score: NotRequired[int]
    least_followers: NotRequired[int]
    excluded: NotRequired[list[str]]
    daily_limit: NotRequired[int]
    public_reply: NotRequired[str]
    reply_after_min: NotRequired[int]
    dm_text: NotRequired[str]
    dm_after_min: NotRequired[int]
    follow_up: NotRequired[str | None]
    needs_approval: NotRequired[bool]
    trusted_by_label: NotRequired[str]
    answers_from: NotRequired[str | None]
    created_at: str
    archived_at: NotRequired[str | None]
    triggered: int
    replied: int
    messaged: int
    answered: int
    converted: int


class SocialPersonOut(TypedDict):
    """Somebody on a network."""

    platform: SocialPlatform
    id: str
    username: str
    name: str
    followers: int | None
    contact: NotRequired[str | None]


class SocialPostInRequest(TypedDict):
    """What funnels may do on a post."""

    auto_respond: NotRequired[bool]
    funnel: NotRequired[str | None]
    keyword_triggers: NotRequired[list[str]]


class SocialPostOut(TypedDict):
    """A post with its figures."""

    id: str
    platform: SocialPlatform
    external_id: str
    caption: NotRequired[str]
    type: NotRequired[str]
    hashtags: NotRequired[list[str]]
    url: NotRequired[str]
    posted_at: str
    likes: NotRequired[int]
    comments: NotRequired[int]
    shares: NotRequired[int]
    saves: NotRequired[int]
    views: NotRequired[int]
    reach: NotRequired[int | None]
    engagement_rate: NotRequired[float | None]
    score: NotRequired[float | None]
    auto_respond: NotRequired[bool]
    keyword_triggers: NotRequired[list[str]]
    fetched_at: str


class SocialPostWholeOut(TypedDict):
    """A post with the newest of what people did below it."""

    id: str
    platform: SocialPlatform
    external_id: str
    caption: NotRequired[str]
    type: NotRequired[str]
    hashtags: NotRequired[list[str]]
    url: NotRequired[str]
    posted_at: str
    likes: NotRequired[int]
    comments: NotRequired[int]
    shares: NotRequired[int]
    saves: NotRequired[int]
    views: NotRequired[int]
    reach: NotRequired[int | None]
    engagement_rate: NotRequired[float | None]
    score: NotRequired[float | None]
    auto_respond: NotRequired[bool]
    keyword_triggers: NotRequired[list[str]]
    fetched_at: str
    engagements: list[SocialEngagementOut]


class SplitLimitsInRequest(TypedDict):
    """What the best split must keep to."""

    total: NotRequired[float]
    least: NotRequired[dict[str, float]]
    most: NotRequired[dict[str, float]]


class SplitOut(TypedDict):
    """The best split that was found; a suggestion."""

    outcome: str
    budgets: dict[str, float]
    gain_a_day: BandOut
    better: float
    unallocated: float
    at_least: list[str]
    at_most: list[str]


class StageChangeInRequest(TypedDict):
    """A deal moves from one stage to another; without ``stage_from`` it is a new deal."""

    stage_from: NotRequired[str | None]
    stage_to: str
    deal_value: NotRequired[str | None]


class StageInRequest(TypedDict):
    """One stage as it should be."""

    key: str
    label: NotRequired[str]
    order: NotRequired[int]
    value: str
    confidence: str
    description: NotRequired[str]
    outcome: NotRequired[OutcomeEnum]


class StageOut(TypedDict):
    """One stage in force."""

    key: str
    label: str
    order: int
    value: str
    confidence: float
    description: str
    outcome: OutcomeEnum
    implied_conversion: float | None


class StageValueOut(TypedDict):
    """What each pipeline stage is worth now (``v_stage_values``)."""

    row_key: str
    tenant_id: str
    stage_name: str
    stage_value: str
    stage_confidence: str
    stage_description: str


class StagesOut(TypedDict):
    """Stages by value."""

    currency: str
    version: int
    stages: list[StageOut]


class StandingOut(TypedDict):
    """The policy in force, and the newest version that waits for a second person."""

    policy: PolicyOut
    waiting: PolicyOut | None


class StartInRequest(TypedDict):
    """Why, if that is not plain."""

    reason: NotRequired[str]


class StatsOut(TypedDict):
    """Conversions of a period."""

    since: str
    until: str
    conversions: int
    attributed: int
    recovery_rate: float | None
    by_method: dict[str, int]
    by_type: dict[str, int]
    value: dict[str, str]
    attributed_value: dict[str, str]


class StepInRequest(TypedDict):
    """A step; any of its matchers serves it."""

    name: str
    any_of: list[MatcherInRequest]


class StepOut(TypedDict):
    """A step."""

    name: str
    any_of: list[MatcherOut]


class SuggestedOut(TypedDict):
    """What became of a call."""

    accepted: list[str]
    proposals: list[str]
    made: list[MadeActionOut]
    refused: list[RefusedSuggestionOut]


class SuggestionOut(TypedDict):
    """A suggestion as it was told."""

    id: str
    external_id: str
    agent: str
    agent_type: str
    type: SuggestionOutTypeEnum
    priority: NotRequired[RiskLevel]
    title: str
    description: NotRequired[str]
    impact: NotRequired[Any]
    cta_url: NotRequired[str]
    suggested_at: str
    created_at: str
    is_dismissed: bool
    made: list[MadeActionOut]


class SuggestionsInRequest(TypedDict):
    """What an agent suggests at a moment."""

    agent_type: str
    timestamp: str
    priority: NotRequired[RiskLevel]
    suggestions: list[dict[str, Any]]
    summary: NotRequired[SummaryInRequest]


class SummaryInRequest(TypedDict):
    """The agent's own count; taken as it comes, for what counts is what is kept."""

    counts: NotRequired[dict[str, Any]]
    totals: NotRequired[dict[str, Any]]


class SummaryOut(TypedDict):
    """Attribution of a period in short."""

    model: str
    since: str
    until: str
    conversions: float
    revenue: AmountOut
    cost: AmountOut | None
    roas: float | None
    roi: float | None
    mean_touches: float | None
    mean_hours_to_convert: float | None
    top_channel: str | None
    top_campaign: CreditedOut | None
    top_paths: list[dict[str, Any]]


class SuppressedOut(TypedDict):
    """How many were new."""

    added: int


class SuppressionInRequest(TypedDict):
    """Addresses or domains that nobody is to write to."""

    values: list[str]
    is_domain: NotRequired[bool]
    channel: NotRequired[MessageChannel | BlankEnum]
    purpose: NotRequired[MessagePurpose | BlankEnum]
    reason: NotRequired[SuppressionReason]
    note: NotRequired[str]
    until: NotRequired[str | None]


class SuppressionOut(TypedDict):
    """An address or domain that is not written to."""

    id: str
    value: str
    is_domain: bool
    channel: MessageChannel | BlankEnum
    purpose: MessagePurpose | BlankEnum
    reason: SuppressionReason
    note: str
    at: str
    until: str | None
    by: str
    lifted_at: str | None


class SyncStartedOut(TypedDict):
    """The run that carries the wish out; calls while it waits or works get the same one."""

    run_id: str
    state: JobState
    trigger: str


class SyncStatusOut(TypedDict):
    """The newest run, and when the next one is due."""

    run_id: str | None
    state: str
    trigger: str | None
    step: str | None
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    last_success_at: str | None
    next_run_at: str | None
    interval_minutes: int | None
    counts: dict[str, int]
    error: str | None


class SyntheticRevenueSummaryOut(TypedDict):
    """Deals and their value by stage (``v_synthetic_revenue_summary``)."""

    row_key: str
    tenant_id: str
    stage_name: str
    is_known: bool
    deals: int
    credited_deals: int
    pipeline_value: str
    confident_value: str
    last_moved_at: NotRequired[str | None]


class TakenOut(TypedDict):
    """What became of the events; the accepted ones are stored."""

    accepted: int
    duplicates: int
    dropped: dict[str, int]
    rejected: list[RejectedOut]


class TextDetailOut(TypedDict):
    """A text with its newest version."""

    id: str
    name: str
    channel: MessageChannel
    category: TemplateCategory
    status: TemplateStatus
    version_in_use: NotRequired[int | None]
    newest_version: int
    provider_key: str
    provider_status: str
    created_at: str
    updated_at: str
    newest: TextVersionOut | None
    rates: TextRatesOut
    used_in: list[str]


class TextFindingOut(TypedDict):
    """A remark of the checks."""

    severity: TextFindingOutSeverityEnum
    rule: str
    place: str
    advice: str


class TextInRequest(TypedDict):
    """A text."""

    subject: NotRequired[str]
    preheader: NotRequired[str]
    text: NotRequired[str]
    body: NotRequired[str]
    markup: NotRequired[TemplateMarkup]
    variables: NotRequired[list[TextVariableInRequest]]
    name: str
    channel: MessageChannel
    category: NotRequired[TemplateCategory]
    provider_key: NotRequired[str]


class TextLookOut(TypedDict):
    """How it looks and what the checks say; with problems nothing is rendered."""

    rendered: RenderedTextOut | None
    problems: list[TextProblemOut]
    findings: list[TextFindingOut]
    sms: SmsSizeOut | None
    from_samples: list[str]


class TextOfInRequest(TypedDict):
    """Which version to look at, and for whom."""

    version: NotRequired[int]
    contact: NotRequired[str]


class TextOut(TypedDict):
    """A text."""

    id: str
    name: str
    channel: MessageChannel
    category: TemplateCategory
    status: TemplateStatus
    version_in_use: NotRequired[int | None]
    newest_version: int
    provider_key: str
    provider_status: str
    created_at: str
    updated_at: str


class TextPreviewInRequest(TypedDict):
    """A text that is not saved, and for whom to write it."""

    subject: NotRequired[str]
    preheader: NotRequired[str]
    text: NotRequired[str]
    body: NotRequired[str]
    markup: NotRequired[TemplateMarkup]
    variables: NotRequired[list[TextVariableInRequest]]
    channel: MessageChannel
    category: NotRequired[TemplateCategory]
    contact: NotRequired[str]


class TextProblemOut(TypedDict):
    """What keeps it from being written."""

    part: str
    line: int
    text: str
    variable: str


class TextRatesOut(TypedDict):
    """How it fared; shares are of what arrived."""

    sent: int
    arrived: int
    shares: dict[str, TextShareOut]


class TextShareOut(TypedDict):
    """A share with its interval of 95 %."""

    rate: float
    low: float
    high: float


class TextTriedOut(TypedDict):
    """How a test went."""

    is_sent: bool
    to: str
    words: str


class TextVariableInRequest(TypedDict):
    """A blank that recipients fill."""

    name: str
    type: NotRequired[TextVariableInTypeEnum]
    sample: NotRequired[Any]
    required: NotRequired[bool]


class TextVersionInRequest(TypedDict):
    """The next version."""

    subject: NotRequired[str]
    preheader: NotRequired[str]
    text: NotRequired[str]
    body: NotRequired[str]
    markup: NotRequired[TemplateMarkup]
    variables: NotRequired[list[TextVariableInRequest]]
    based_on: NotRequired[int]
    activate: NotRequired[bool]


class TextVersionOut(TypedDict):
    """A version; it never changes."""

    id: str
    number: int
    subject: str
    preheader: str
    text: str
    body: str
    markup: TemplateMarkup
    variables: Any
    sha256: str
    by: str
    created_at: str


class TimeOut(TypedDict):
    """How many took up to so long, and longer than the bar before."""

    up_to_seconds: int | None
    people: int


class ToldOut(TypedDict):
    """How many were new, and how many were known."""

    taken: int
    known: int


class TopSignalOut(TypedDict):
    """An open signal."""

    id: str
    type: str
    severity: str
    title: str
    priority: float


class TouchOut(TypedDict):
    """One touch, with its share under each model; empty without a conversion."""

    at: str
    kind: str
    channel: str
    campaign: CreditedOut | None
    ad: CreditedOut | None
    page_url: str
    credit: dict[str, float]


class TrackInRequest(TypedDict):
    """Who saw which variant, and what they did."""

    exposures: NotRequired[list[ExposureInRequest]]
    events: NotRequired[list[UnitEventInRequest]]


class TrackedOut(TypedDict):
    """What was taken."""

    exposures: ToldOut
    events: ToldOut


class TriedPlanOut(TypedDict):
    """A plan that was tried."""

    inputs: dict[str, Any]
    results: PlanResultsOut
    best_split: SplitOut | None


class TryPlanInRequest(TypedDict):
    """A plan to try."""

    budgets: NotRequired[dict[str, float]]
    shifts: NotRequired[dict[str, float]]
    horizon_days: NotRequired[int]
    best_split: NotRequired[SplitLimitsInRequest]
    creative_refresh: NotRequired[float]
    bid_change_pct: NotRequired[float]
    pause_worst_pct: NotRequired[float]
    influencer_spend: NotRequired[float]
    content_cadence: NotRequired[float]
    push_volume: NotRequired[float]


class UnitEventInRequest(TypedDict):
    """Something that a unit did; told twice under one id, it counts once."""

    event_id: str
    unit: str
    name: str
    at: NotRequired[str]
    value: NotRequired[str]


class UpliftOut(TypedDict):
    """Organic installs that went with those by ads."""

    installs: float
    low: float
    high: float


class VariantInRequest(TypedDict):
    """An arm; the first one is the control."""

    key: NotRequired[str]
    name: str
    weight: NotRequired[int]
    config: NotRequired[dict[str, Any]]
    ad: NotRequired[str | None]


class VisitorWithSessionsOut(TypedDict):
    """A visitor with his newest visits."""

    id: str
    site: str
    has_consent: bool
    user_id: NotRequired[str]
    first_source: NotRequired[str]
    first_medium: NotRequired[str]
    first_campaign: NotRequired[str]
    first_url: NotRequired[str]
    first_referrer: NotRequired[str]
    utm_source: NotRequired[str]
    utm_medium: NotRequired[str]
    utm_campaign: NotRequired[str]
    utm_content: NotRequired[str]
    utm_term: NotRequired[str]
    device: NotRequired[str]
    os: NotRequired[str]
    browser: NotRequired[str]
    screen: NotRequired[str]
    country: NotRequired[str]
    region: NotRequired[str]
    city: NotRequired[str]
    time_zone: NotRequired[str]
    language: NotRequired[str]
    visits: NotRequired[int]
    page_views: NotRequired[int]
    seconds: NotRequired[float]
    first_conversion_at: NotRequired[str | None]
    conversions: NotRequired[int]
    value: AmountOut | None
    first_seen_at: str
    last_seen_at: str
    customer_type: NotRequired[CustomerType | BlankEnum]
    lifecycle_stage: NotRequired[LifecycleStageEnum | BlankEnum]
    lifecycle_reason: NotRequired[str]
    sessions: list[SessionOut]


class WaitingOut(TypedDict):
    """Changes that wait for a signature."""

    count: int
    money: str


class WayDayOut(TypedDict):
    """A day."""

    impressions: int
    clicks: int
    ctr: float | None
    installs: int
    click_to_install: float | None
    install_rate: float | None
    d1: float | None
    d7: float | None
    d30: float | None
    payers: int
    payer_rate: float | None
    conversions: str
    cvr: float | None
    date: str


class WayOut(TypedDict):
    """From an impression to somebody who came back and paid."""

    impressions: int
    clicks: int
    ctr: float | None
    installs: int
    click_to_install: float | None
    install_rate: float | None
    d1: float | None
    d7: float | None
    d30: float | None
    payers: int
    payer_rate: float | None
    conversions: str
    cvr: float | None


class WayStepOut(TypedDict):
    """A step: how many got there, out of how many who could have by now."""

    name: str
    reached: int
    of: int | None
    of_what: str
    rate: float | None


class WaySummaryOut(TypedDict):
    """The funnel dashboard's steps and cards."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    figures: WayOut
    before: WayOut
    steps: list[WayStepOut]


class WayTrendsOut(TypedDict):
    """The funnel dashboard's lines."""

    currency: str
    date_from: str
    date_to: str
    known_until: str | None
    days: list[WayDayOut]


class WebEventOut(TypedDict):
    """Something that was done."""

    id: str
    at: str
    type: WebEventOutTypeEnum
    category: WebEventOutCategoryEnum
    name: NotRequired[str]
    label: NotRequired[str]
    page_id: NotRequired[str | None]
    path: NotRequired[str]
    element_id: NotRequired[str]
    element_class: NotRequired[str]
    element_text: NotRequired[str]
    element_type: NotRequired[str]
    href: NotRequired[str]
    scroll: NotRequired[int | None]
    user_id: NotRequired[str]
    value: AmountOut | None
    properties: NotRequired[Any]
    variants: NotRequired[Any]


class WebsiteAdviceOut(TypedDict):
    """One thing to change."""

    id: str
    funnel: str
    kind: AdviceKind
    area: str
    problem: str
    impact: str
    change: str
    steps: NotRequired[list[str]]
    expected_gain: float
    gain_text: str
    evidence: dict[str, Any]
    confidence: float
    test: dict[str, Any]
    since: str
    until: str
    status: NotRequired[WebsiteAdviceOutStatusEnum]
    reviewed_at: NotRequired[str | None]
    implemented_at: NotRequired[str | None]
    test_key: NotRequired[str]
    measured_gain: NotRequired[float | None]


class WeightedOut(TypedDict):
    """Mean of a variant, its units weighed by one over the share that they came in by."""

    variant: str
    value: float
    low: float
    high: float
    effective_units: float


class WhoAmIOut(TypedDict):
    """Who calls, where, and what he may do."""

    workspace: WorkspaceOut
    caller: CallerEnum
    person: PersonOut | None
    role: str
    key: KeyOut | None
    scopes: list[str]


class WhyInRequest(TypedDict):
    """A reason, if there is one."""

    why: NotRequired[str]


class WinnerInRequest(TypedDict):
    """The variant that won."""

    variant: str
    reason: str


class WinnerStatsOut(TypedDict):
    """What the library holds."""

    total_winners: int
    by_source: dict[str, int]
    by_channel: dict[str, int]
    embedders: list[EmbedderCountOut]
    dimensions: int
    similar_from: float
    near_duplicate_from: float
    version: int
    changed_at: str | None


class WorkspaceOut(TypedDict):
    """The caller's workspace."""

    id: str
    slug: str
    name: str
    currency: str
    time_zone: str
    mode: WorkspaceOutModeEnum

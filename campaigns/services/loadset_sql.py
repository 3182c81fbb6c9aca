"""The statements of the load set: each batch is drawn once, then told to the tables.

A number decides all of a proposal, so that a run which was stopped goes on as if it had not been.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from workspaces.gate import canonical

TYPES = ("budget", "bid", "status")
_OPERATIONS = ("set_daily_budget", "set_bid", "set_status")


def _uuid7(at: str) -> str:
    """Time first, as ``workspaces.ids.uuid7`` draws them."""
    milliseconds = f"lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0')"
    time = f"left({milliseconds}, 8) || '-' || right({milliseconds}, 4) || '-7'"
    return f"({time} || substr(gen_random_uuid()::text, 16))::uuid"


# Campaigns lie in one account each: owners are numbered by the thousandths that accounts share.
_ENTITY = """
  public_id, workspace_id, external_id, name, status, effective_status, created_at, updated_at,
  bid_strategy, account_id, learning_status"""
_OWNERS = """
  FROM generate_series(%(start)s::bigint, %(start)s::bigint + %(size)s::bigint - 1) n(number)
 CROSS JOIN LATERAL (
   SELECT (%(owners)s::bigint[])[1 + n.number %% 1000] AS account_id,
          'c' || n.number %% 1000 || '-' || n.number / 1000 / %(campaign_size)s AS campaign) o
"""
CAMPAIGNS = f"""
INSERT INTO campaigns_campaign ({_ENTITY}, channel, objective, budget_external_id, goal,
  target_audience, customer_segment, location, language)
SELECT {_uuid7("%(now)s::timestamptz")}, %(workspace)s, campaign, 'Campaign ' || campaign, 'active',
       '', %(now)s, %(now)s, '', account_id, 'unknown', '', '', '', '', '', '', '', ''
  FROM (SELECT DISTINCT campaign, account_id {_OWNERS}) needed
    ON CONFLICT (account_id, external_id) DO NOTHING
"""  # noqa: S608  # no values, only SQL of this module
AD_SETS = f"""
INSERT INTO campaigns_adset ({_ENTITY}, campaign_id, optimisation_goal, targeting, daily_budget,
  bid)
SELECT {_uuid7("%(now)s::timestamptz")}, %(workspace)s, 's' || n.number, 'Ad set ' || n.number,
       'active', '', %(now)s, %(now)s, '', o.account_id, 'unknown', c.id, '', '{{}}',
       20 + n.number %% 400, 2.5
       {_OWNERS}
  JOIN campaigns_campaign c ON c.account_id = o.account_id AND c.external_id = o.campaign
"""
# Numbered once a run: the ids of ad sets need not be without gaps.
NUMBERED = """
DROP TABLE IF EXISTS loadset_ad_sets;
CREATE TEMPORARY TABLE loadset_ad_sets AS
SELECT row_number() OVER (ORDER BY s.id) - 1 AS number, s.id, s.public_id, s.external_id, s.name,
       s.campaign_id, s.account_id, s.daily_budget, s.bid, a.external_id AS account, a.platform
  FROM campaigns_adset s JOIN campaigns_adaccount a ON a.id = s.account_id
 WHERE s.workspace_id = %(workspace)s;
ALTER TABLE loadset_ad_sets ADD PRIMARY KEY (number);
ANALYZE loadset_ad_sets;
"""

# Budgets and bids rise by 1 to 20 %, states change from active to paused.
_DRAW = """
DROP TABLE IF EXISTS loadset_drawn;
CREATE TEMPORARY TABLE loadset_drawn ON COMMIT DROP AS
WITH numbered AS (
  SELECT n.number AS n, {ad_set} AS ad_set, {type} AS type, 1 + n.number %% 20 AS pct,
         {at} AS at
    FROM generate_series(%(start)s::bigint, %(start)s::bigint + %(size)s::bigint - 1) n(number)
), valued AS (
  SELECT numbered.*, s.id AS ad_set_id, s.public_id AS entity, s.external_id, s.name,
         s.campaign_id, s.account_id, s.account, s.platform, s.daily_budget,
         CASE type WHEN 0 THEN s.daily_budget WHEN 1 THEN s.bid END AS old,
         round(CASE type WHEN 0 THEN s.daily_budget WHEN 1 THEN s.bid END * (100 + pct) / 100, 2)
           AS new
    FROM numbered JOIN loadset_ad_sets s ON s.number = numbered.ad_set
), worded AS (
  SELECT valued.*,
         CASE WHEN type = 2 THEN 'active' ELSE trim_scale(old)::text END AS before,
         CASE WHEN type = 2 THEN 'paused' ELSE trim_scale(new)::text END AS after,
         round((new - old) * 100 / old, 2) AS change_pct,
         CASE WHEN type = 2 THEN daily_budget ELSE new - old END AS at_stake,
         CASE WHEN type = 2 THEN CASE WHEN daily_budget >= 100 THEN 'high' ELSE 'low' END
              WHEN round((new - old) * 100 / old, 2) > 10 THEN 'medium' ELSE 'low' END AS risk,
         (%(types)s::text[])[1 + type] AS change_type,
         (%(operations)s::text[])[1 + type] AS operation,
         platform || ':' || account || ':adset:' || external_id AS lane
    FROM valued
)
SELECT worded.*,
       nextval('workspaces_proposal_id_seq') AS id,
       nextval('workspaces_plan_id_seq') AS plan_id,
       {public_id} AS public_id,
       CASE WHEN n %% 20 < 14 THEN 'model:sampler' WHEN n %% 20 < 19 THEN 'rule:pacing'
            ELSE 'model:portfolio' END AS proposer_key,
       CASE type WHEN 2 THEN 'Pause ' || name
            ELSE name || ': ' || change_type || ' ' || before || ' → ' || after || ' USD ('
                 || to_char(change_pct, 'FMSG990.0') || ' %%).' END AS summary,
       replace(replace(replace(replace(replace(replace(replace(%(body)s::text,
         '@after', after), '@before', before), '@operation', operation), '@platform', platform),
         '@account', account), '@external', external_id), '@entity', entity::text) AS body
  FROM worded;
ALTER TABLE loadset_drawn ADD PRIMARY KEY (n);
ANALYZE loadset_drawn;
"""
# Each (ad set, field) is the subject of one waiting proposal.
DRAW_PENDING = _DRAW.format(
    ad_set="n.number / 3",
    type="(n.number %% 3)::int",
    at="%(now)s::timestamptz",
    public_id=_uuid7("at"),
)
# Years of decided budget changes, one after the other.
DRAW_SETTLED = _DRAW.format(
    ad_set="(n.number * 7919) %% %(ad_sets)s::bigint",
    type="0",
    at="%(first)s::timestamptz + n.number * %(every_s)s * interval '1 second'",
    public_id=_uuid7("at"),
)

_PROPOSALS = """
INSERT INTO workspaces_proposal (
  id, public_id, workspace_id, kind, subject_key, subject_label, summary, reason, status, risk,
  money_at_stake, proposer_type, proposer_key, proposer_label, idempotency_key, request,
  current_plan_id, created_at, expires_at, remind_at, reminders_sent, decision_reason, waiting_for,
  attempts, lane, claimed_by, last_error, updated_at, decided_at, execute_after, executed_at,
  result, measure_after, realised, measured_at)
SELECT id, public_id, %(workspace)s, 'ad_change', lane || ':' || change_type, name, summary,
       %(reason)s, '{status}', risk, at_stake, split_part(proposer_key, ':', 1), proposer_key,
       initcap(split_part(proposer_key, ':', 2)) || ' v1', '',
       jsonb_build_object('entity_type', 'adset', 'entity', entity, 'change_type', change_type,
                          'value', after),
       plan_id, at, at + interval '24 hours' + {late}, at + (interval '24 hours' + {late}) / 2,
       0, '', '', {executed}
  FROM loadset_drawn ORDER BY n
"""
PENDING = _PROPOSALS.format(
    status="pending",
    late="n %% 86400 * interval '1 second'",
    executed="0, '', '', '', at, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
)
SETTLED = _PROPOSALS.format(
    status="executed",
    late="interval '0'",
    executed="1, lane, '', '', at, at, at, at + %(lasted_s)s * interval '1 second', '{}'::jsonb,"
    " at + interval '8 days', %(realised)s::jsonb, at + interval '8 days'",
)
PLANS = """
INSERT INTO workspaces_plan (
  id, proposal_id, version, body, sha256, policy_version, verdict, risk, rank_required,
  signatures_required, policy_may_sign, is_blocked, editor_may_sign, predicted, confidence,
  evidence, why, created_at)
SELECT plan_id, id, 1, body, encode(sha256(convert_to(body, 'UTF8')), 'hex'), 'safety policy v0',
       %(verdict)s::jsonb, risk, 'approver', 1, %(is_settled)s, false, false,
       CASE type WHEN 0 THEN %(predicted)s::jsonb END, CASE type WHEN 0 THEN 0.85 END,
       CASE WHEN type = 0 AND NOT %(is_settled)s THEN %(evidence)s::jsonb ELSE '{}'::jsonb END,
       '', at
  FROM loadset_drawn ORDER BY n
"""
DETAILS = """
INSERT INTO pending_ad_changes (
  proposal_id, workspace_id, account_id, entity_type, entity_id, entity_external_id, entity_name,
  campaign_id, change_type, current_value, requested_value, final_value, currency, change_pct,
  fuzz_pct, platform_request_id, error_class, error_message)
SELECT id, %(workspace)s, account_id, 'adset', ad_set_id, external_id, name, campaign_id,
       change_type, to_jsonb(before), to_jsonb(after), to_jsonb(after), 'USD', change_pct, 0, '',
       '', ''
  FROM loadset_drawn ORDER BY n
"""
SIGNATURES = """
INSERT INTO workspaces_signature (plan_id, policy_version, decision, rank_held, why, at)
SELECT plan_id, 'safety policy v0', 'approve', '', '', at FROM loadset_drawn ORDER BY n
"""
# By turns the policy held it back and the platform was too busy; the last one went through.
ATTEMPTS = """
DROP TABLE IF EXISTS loadset_tried;
CREATE TEMPORARY TABLE loadset_tried ON COMMIT DROP AS
SELECT nextval('workspaces_executionattempt_id_seq') AS id, d.n, t.number,
       d.at + t.number * %(step_s)s * interval '1 second' AS started_at,
       CASE WHEN t.number = %(tries)s THEN 'applied' WHEN t.number %% 2 = 0 THEN 'throttled'
            ELSE 'deferred' END AS outcome
  FROM loadset_drawn d CROSS JOIN generate_series(1, %(tries)s) t(number)
 ORDER BY d.n, t.number
 LIMIT %(rows)s;
INSERT INTO workspaces_executionattempt (
  id, plan_id, number, worker, started_at, call_sent_at, settled_at, outcome, error_kind, error,
  request_id, response, facts)
SELECT t.id, d.plan_id, t.number, 'loadset', t.started_at,
       CASE WHEN t.outcome <> 'deferred' THEN t.started_at END,
       t.started_at + interval '412 milliseconds', t.outcome,
       CASE t.outcome WHEN 'throttled' THEN 'throttled' ELSE '' END,
       CASE t.outcome WHEN 'applied' THEN '' WHEN 'throttled' THEN %(busy)s ELSE %(held)s END, '',
       '{}', '{}'
  FROM loadset_tried t JOIN loadset_drawn d USING (n) ORDER BY t.id
"""
HISTORY = """
INSERT INTO ad_change_history (
  workspace_id, proposal_id, attempt_id, account_id, entity_type, entity_id, entity_external_id,
  campaign_id, change_type, old_value, new_value, currency, change_pct, triggered_by, proposer,
  model_version, confidence, reason, verdict, override, queued_at, started_at, call_sent_at,
  completed_at, duration_ms, status, platform_response, error)
SELECT %(workspace)s, d.id, t.id, d.account_id, 'adset', d.ad_set_id, d.external_id, d.campaign_id,
       d.change_type, to_jsonb(d.before), to_jsonb(d.after), 'USD', d.change_pct,
       split_part(d.proposer_key, ':', 1), initcap(split_part(d.proposer_key, ':', 2)) || ' v1', '',
       0.85, %(reason)s, '[["rate", "passed"]]', '', d.at, t.started_at,
       CASE WHEN t.outcome <> 'deferred' THEN t.started_at END,
       t.started_at + interval '412 milliseconds', 412, t.outcome,
       CASE t.outcome WHEN 'deferred' THEN '{"held_by": ["rate"]}' ELSE '{}' END::jsonb,
       CASE t.outcome WHEN 'applied' THEN '' WHEN 'throttled' THEN %(busy)s ELSE %(held)s END
  FROM loadset_tried t JOIN loadset_drawn d USING (n) ORDER BY t.id
"""

# What the triggers and foreign keys that a batch did without would have refused.
BROKEN = """
SELECT count(*)
  FROM loadset_drawn d
  LEFT JOIN workspaces_proposal p ON p.id = d.id AND p.workspace_id = %(workspace)s
  LEFT JOIN workspaces_plan l ON l.id = p.current_plan_id AND l.proposal_id = p.id
   AND l.sha256 = encode(sha256(convert_to(l.body, 'UTF8')), 'hex')
  LEFT JOIN pending_ad_changes c ON c.proposal_id = p.id AND c.workspace_id = p.workspace_id
  LEFT JOIN campaigns_adset s ON s.id = c.entity_id AND s.workspace_id = p.workspace_id
   AND s.account_id = c.account_id AND s.campaign_id = c.campaign_id
  LEFT JOIN campaigns_adaccount a ON a.id = s.account_id AND a.workspace_id = p.workspace_id
  LEFT JOIN campaigns_campaign g ON g.id = s.campaign_id AND g.account_id = a.id
 WHERE l.id IS NULL OR a.id IS NULL OR g.id IS NULL OR p.status <> %(status)s
    OR (p.status = 'executed') <> EXISTS (
         SELECT 1 FROM workspaces_signature n WHERE n.plan_id = l.id AND n.decision = 'approve'
            AND n.person_id IS NULL AND n.withdrawn_at IS NULL AND l.policy_may_sign)
"""
BROKEN_HISTORY = """
SELECT count(*)
  FROM loadset_tried t
  JOIN loadset_drawn d USING (n)
  LEFT JOIN workspaces_executionattempt e ON e.id = t.id AND e.plan_id = d.plan_id
   AND e.settled_at IS NOT NULL AND e.outcome = t.outcome
  LEFT JOIN ad_change_history h ON h.attempt_id = e.id AND h.proposal_id = d.id
   AND h.workspace_id = %(workspace)s AND h.account_id = d.account_id AND h.status = e.outcome
   AND h.entity_id = d.ad_set_id AND h.campaign_id = d.campaign_id
 WHERE h.id IS NULL
"""


def constants(workspace_slug: str, today: date) -> dict[str, Any]:
    """What all rows have in common, as parameters of the statements."""
    body = {
        "handler_version": 1,
        "kind": "ad_change",
        "workspace": workspace_slug,
        "subject": {
            "id": "@entity",
            "type": "adset",
            "platform": "@platform",
            "account": "@account",
            "level": "adset",
            "external_id": "@external",
        },
        "operation": "@operation",
        "before": "@before",
        "after": "@after",
        "currency": "USD",
        "not_before": None,
    }
    return {
        "types": list(TYPES),
        "operations": list(_OPERATIONS),
        "body": canonical(body),
        "reason": "Its marginal return of the last 28 days is above the account's.",
        "busy": "The platform answered that there were too many calls.",
        "held": "15 changes of this campaign were sent within the hour.",
        "verdict": json.dumps(
            [
                {"name": name, "verdict": "passed", "why": "Within the limit.", "not_before": None}
                for name in ("rate", "velocity", "bounds", "learning", "freshness")
            ]
        ),
        "predicted": json.dumps(
            {"metric": "revenue", "delta": "12.50", "low": "-3.10", "high": "28.90",
             "horizon_days": 7, "currency": "USD"}
        ),
        "realised": json.dumps(
            {"separable": True, "metric": "revenue", "delta": "9.80", "expected": "140.20"}
        ),
        "evidence": json.dumps(_evidence(today)),
    }  # fmt: skip


def _evidence(today: date) -> dict[str, object]:
    days = [today - timedelta(days=back) for back in range(14, 0, -1)]
    return {
        "days": [day.isoformat() for day in days],
        "currency": "USD",
        "value_metric": "revenue",
        "series": {
            "spend": [f"{90 + day.day % 9}.40" for day in days],
            "clicks": [f"{210 + day.day % 31}.00" for day in days],
            "revenue": [f"{280 + day.day % 57}.10" for day in days],
        },
        "shared_by": [],
    }

"""The layers as SQL, for all due conversions of a workspace at once.

Each layer is a join on one column, so that the planner may hash; they run in the order of their
strength on what is left. The same rules as ``engine/matching.py``, held together by a test.
"""

from __future__ import annotations

from typing import Final

from attribution.engine.matching import CANDIDATES_KEPT, CONFIDENCE, LEAST_SCORE, Method
from attribution.models.clicks import CLICK_ID_KINDS, IDENTITY_KINDS

# What is due, and what came in while the job before this one looked: a click and its conversion
# that are stored at the same moment do not see each other.
DUE: Final = f"""
CREATE TEMP TABLE attribution_due ON COMMIT DROP AS
SELECT id, converted_at, has_consent, fingerprints, truncated_ip, user_agent,
       needs_attribution, attributed_click_id AS before,
       {", ".join((*CLICK_ID_KINDS, *IDENTITY_KINDS))}
  FROM conversion_tracking
 WHERE workspace_id = %(workspace)s
   AND (needs_attribution OR created_at > %(arrived)s)
   AND (method = 'unattributed' OR attributed_click_id IS NOT NULL)
 ORDER BY needs_attribution DESC, id
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # column names only
FOUND: Final = """
CREATE TEMP TABLE attribution_found (
    id bigint, layer text, place int, click bigint, clicked_at timestamptz, score float8,
    click_key text
) ON COMMIT DROP
"""
DROP: Final = "DROP TABLE IF EXISTS attribution_due, attribution_found, attribution_answer"

_BRANCH = """
SELECT d.id, d.converted_at, c.id AS click, c.clicked_at, c.click_id AS click_key
  FROM attribution_due d {unnest}
  JOIN click_tracking c ON {on}
   AND c.workspace_id = %(workspace)s AND c.is_valid {consent}
   AND c.clicked_at <= d.converted_at
   AND c.clicked_at >= d.converted_at - %(hours)s * interval '1 hour'
 WHERE NOT EXISTS (SELECT 1 FROM attribution_found f WHERE f.id = d.id)
"""
_LAYER = """
INSERT INTO attribution_found
SELECT id, '{layer}', {place}, click, clicked_at, {score}, click_key
  FROM (SELECT m.*, row_number() OVER (PARTITION BY id ORDER BY clicked_at DESC, click DESC) AS n
          FROM ({branches}) m) ranked
 WHERE n <= {kept}
"""
_SCORE = (
    "0.8 + 0.2 * greatest(0, 1 - extract(epoch FROM converted_at - clicked_at)::float8 / 86400)"
)
_CONSENTED = "AND c.has_consent AND d.has_consent"


def _equal(kind: str) -> str:
    return f"c.{kind} = d.{kind} AND c.{kind} <> '' AND d.{kind} <> ''"


def _branches(layer: Method) -> list[tuple[str, str]]:
    """Further tables and join condition of each way to match."""
    if layer is Method.URL_PARAMETER:
        return [("", _equal(kind)) for kind in CLICK_ID_KINDS]
    if layer is Method.IDENTITY:
        return [("", _equal(kind)) for kind in IDENTITY_KINDS]
    if layer is Method.FINGERPRINT:
        return [
            (
                "CROSS JOIN LATERAL (SELECT DISTINCT unnest(d.fingerprints)) AS p(fingerprint)",
                "c.fingerprint = p.fingerprint AND c.fingerprint <> ''",
            )
        ]
    same = f"{_equal('truncated_ip')} AND c.user_agent = d.user_agent AND d.user_agent <> ''"
    return [("", same)]


def layer_sql(layer: Method, place: int) -> str:
    """Find the newest clicks of a layer for conversions that no layer before it matched."""
    consent = "" if layer is Method.URL_PARAMETER else _CONSENTED
    # UNION: a click that matches in two ways is one candidate.
    branches = " UNION ".join(
        _BRANCH.format(unnest=unnest, on=on, consent=consent) for unnest, on in _branches(layer)
    )
    score = _SCORE if layer is Method.PROBABILISTIC else "1.0"
    return _LAYER.format(
        layer=layer.value, place=place, branches=branches, score=score, kept=CANDIDATES_KEPT
    )


_CONFIDENCES = " ".join(f"WHEN '{layer.value}' THEN {sure}" for layer, sure in CONFIDENCE.items())
# One row per due conversion with the answer in the shape of its columns, and how it was before;
# with what is kept of its click, so that the large table is met once.
ANSWER: Final = f"""
CREATE TEMP TABLE attribution_answer ON COMMIT DROP AS
WITH listed AS (
    SELECT f.id, jsonb_agg(jsonb_build_object(
               'click_id', f.click_key,
               'hours', round(
                   extract(epoch FROM d.converted_at - f.clicked_at)::numeric / 3600, 4),
               'score', round(f.score::numeric, 6)
           ) ORDER BY f.clicked_at DESC, f.click DESC) AS candidates
      FROM attribution_found f
      JOIN attribution_due d ON d.id = f.id
     GROUP BY f.id
), best AS (
    SELECT DISTINCT ON (id) * FROM attribution_found ORDER BY id, clicked_at DESC, click DESC
)
SELECT d.id, d.needs_attribution, d.before IS DISTINCT FROM b.click AS is_new,
       coalesce(b.layer, 'unattributed') AS method, coalesce(b.place, 5) AS place,
       CASE b.layer {_CONFIDENCES} WHEN 'probabilistic' THEN least(b.score, {LEAST_SCORE})
           ELSE 0 END AS confidence,
       round(b.score::numeric, 6)::float8 AS score,
       b.click, b.clicked_at, coalesce(l.candidates, '[]') AS candidates,
       coalesce(b.click_key, '') AS click_key, c.ad_id, c.campaign_id,
       coalesce(c.given_ad, '') AS given_ad, coalesce(c.given_campaign, '') AS given_campaign
  FROM attribution_due d
  LEFT JOIN best b ON b.id = d.id
  LEFT JOIN click_tracking c ON c.id = b.click
  LEFT JOIN listed l ON l.id = d.id
"""  # noqa: S608  # column names only
WRITE: Final = """
UPDATE conversion_tracking v
   SET needs_attribution = false, attributed_at = %(now)s, method = a.method,
       confidence = a.confidence, fingerprint_score = a.score, candidates = a.candidates,
       window_hours = CASE a.method
           WHEN 'url_parameter' THEN %(url_parameter)s WHEN 'identity' THEN %(identity)s
           WHEN 'fingerprint' THEN %(fingerprint)s WHEN 'probabilistic' THEN %(probabilistic)s
       END,
       attributed_click_id = a.click, attributed_click_key = a.click_key,
       attributed_clicked_at = a.clicked_at, ad_id = a.ad_id, campaign_id = a.campaign_id,
       given_ad = a.given_ad, given_campaign = a.given_campaign
  FROM attribution_answer a
 WHERE v.id = a.id AND (a.needs_attribution OR a.is_new)
"""
_EVIDENCE = {
    "url_parameter": " OR ".join(f"d.{kind} <> ''" for kind in CLICK_ID_KINDS),
    "identity": " OR ".join(f"d.{kind} <> ''" for kind in IDENTITY_KINDS),
    "fingerprint": "d.fingerprints <> '{}'",
    "probabilistic": "d.truncated_ip <> '' AND d.user_agent <> ''",
}
_OUTCOMES = ", ".join(
    f"CASE WHEN a.place < {place} THEN '' WHEN a.place = {place} THEN 'matched'"
    f" {'' if place == 1 else 'WHEN NOT d.has_consent THEN ' + chr(39) + 'no_consent' + chr(39)}"
    f" WHEN {evidence} THEN 'no_match' ELSE 'no_evidence' END"
    for place, evidence in enumerate(_EVIDENCE.values(), start=1)
)
LOG: Final = f"""
INSERT INTO attribution_performance_log
       (workspace_id, conversion_id, at, trigger, url_parameter, identity, fingerprint,
        probabilistic, method, confidence, click_key, duration_ms)
SELECT %(workspace)s, a.id, %(now)s, 'sweep', {_OUTCOMES}, a.method, a.confidence,
       a.click_key, %(ms)s
  FROM attribution_answer a
  JOIN attribution_due d ON d.id = a.id
 WHERE a.needs_attribution OR a.is_new
"""  # noqa: S608  # column names only
# What is settled (its click was purged) is never due.
SETTLE: Final = """
UPDATE conversion_tracking SET needs_attribution = false
 WHERE workspace_id = %(workspace)s AND needs_attribution
   AND method <> 'unattributed' AND attributed_click_id IS NULL
"""
NEW: Final = "SELECT id FROM attribution_answer WHERE is_new AND click IS NOT NULL ORDER BY id"

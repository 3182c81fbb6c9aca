"""Rules of an audience as SQL over ``outreach_contact c``.

Every condition that looks elsewhere is a set that does not depend on the contact, so that the
database reads each table once, whether the rule stands under and, or or not. Sets start from what
people did: few did it, and a join of all contacts with all people takes a second a million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from outreach.engine.audience_rules import (
    ConsentIs,
    Did,
    Dropped,
    Field,
    Group,
    InVariant,
    Reachable,
    Rule,
)

_COMPARE: Final = {"equals": "=", "at_least": ">=", "at_most": "<="}
_STANDING: Final = (
    "(c.id IN (SELECT s.contact_id FROM outreach_contactstanding s"
    " WHERE s.workspace_id = %(workspace)s AND {})) IS TRUE"
)
_MOMENTS: Final = {
    "received": "sent_at", "opened": "opened_at", "clicked": "clicked_at", "replied": "replied_at",
}  # fmt: skip
_TOUCHED: Final = """
(c.id IN (SELECT m.contact_id FROM outreach_outreachmessage m
          WHERE m.workspace_id = %(workspace)s AND m.{moment} >= {since} AND m.{moment} <= %(now)s
          {enough})) IS TRUE"""
# A person is whoever it was merged into, and so is everybody else merged into that one.
_PEOPLE: Final = """
(c.person_id IN (
    WITH found AS (
        SELECT coalesce(q.root_id, r.person_id) AS id
          FROM ({rows}) r
          LEFT JOIN attribution_person q
            ON q.id = r.person_id AND q.workspace_id = %(workspace)s AND q.root_id IS NOT NULL
        {enough})
    SELECT f.id FROM found f
     UNION ALL
    SELECT q.id FROM found f
      JOIN attribution_person q ON q.root_id = f.id AND q.workspace_id = %(workspace)s
       AND q.root_id IS NOT NULL)) IS TRUE"""
_SESSIONS: Final = """
SELECT v.person_id FROM attribution_websession s JOIN attribution_visitor v ON v.id = s.visitor_id
 WHERE s.workspace_id = %(workspace)s AND s.started_at >= {since} AND s.started_at <= %(now)s
   AND v.person_id IS NOT NULL"""
_PAGES: Final = """
SELECT v.person_id FROM attribution_pageview e
  JOIN attribution_visitor v ON v.site_id = e.site_id AND v.key = e.visitor_key
 WHERE e.workspace_id = %(workspace)s AND e.day >= ({since} - interval '1 day')::date
   AND e.at >= {since} AND e.at <= %(now)s AND v.person_id IS NOT NULL{detail}"""
_EVENTS: Final = """
SELECT v.person_id FROM attribution_webevent e
  JOIN attribution_visitor v ON v.site_id = e.site_id AND v.key = e.visitor_key
 WHERE e.workspace_id = %(workspace)s AND e.day >= ({since} - interval '1 day')::date
   AND e.at >= {since} AND e.at <= %(now)s AND v.person_id IS NOT NULL AND e.name = {name}"""
_CONVERSIONS: Final = """
SELECT x.person_id FROM conversion_tracking x
 WHERE x.workspace_id = %(workspace)s AND x.converted_at >= {since} AND x.converted_at <= %(now)s
   AND x.person_id IS NOT NULL{detail}"""
_LEVELS: Final = """
SELECT v.person_id, max(e.level) AS level FROM attribution_funnelentry e
  JOIN attribution_visitor v ON v.workspace_id = e.workspace_id AND v.key = e.visitor_key
 WHERE e.workspace_id = %(workspace)s AND e.funnel_id = {funnel} AND e.entered_on >= {since}
   AND v.person_id IS NOT NULL GROUP BY 1"""
_OF_VARIANT: Final = """
   AND x.variant_id = (SELECT a.id FROM experiments_abtestvariant a
                        WHERE a.test_id = {test} AND a.key = {key})"""
_UNITS: Final = """
SELECT x.unit FROM experiments_exposure x
 WHERE x.workspace_id = %(workspace)s AND x.test_id = {test}{variant}"""
_PUBLIC: Final = """
SELECT u.unit::uuid FROM ({units}
   AND x.unit LIKE '________-____-____-____-____________'
   AND translate(x.unit, '0123456789abcdef', '') = '----' OFFSET 0) u"""
_NUMBERED: Final = """
SELECT substr(u.unit, 9)::bigint FROM ({units}
   AND x.unit ~ '^contact:[0-9]{{1,18}}$' OFFSET 0) u"""
# Units are visitors, user ids, people or contacts, as the test has it.
_MET: Final = """
SELECT i.person_id FROM attribution_identifier i
 WHERE i.workspace_id = %(workspace)s AND i.kind IN ('visitor_id', 'user_id')
   AND (i.value IN ({units})) IS TRUE
 UNION ALL
SELECT i.id FROM attribution_person i
 WHERE i.workspace_id = %(workspace)s AND (i.public_id IN ({public})) IS TRUE"""
_LISTED: Final = """
(c.id IN (SELECT l.contact_id FROM outreach_audiencemember l
           WHERE l.audience_id = {audience})) IS TRUE"""
_NEWEST_CONSENT: Final = """
SELECT n.contact_id FROM (
    SELECT DISTINCT ON (contact_id) contact_id, is_given FROM outreach_consent
     WHERE workspace_id = %(workspace)s AND channel = {channel} AND purpose = {purpose}
       AND at <= %(now)s
     ORDER BY contact_id, at DESC, id DESC) n WHERE {state}"""
_ANY_CONSENT: Final = """
SELECT contact_id FROM outreach_consent
 WHERE workspace_id = %(workspace)s AND channel = {channel} AND purpose = {purpose}
   AND at <= %(now)s"""
_REACHABLE: Final = """
SELECT t.contact_id FROM outreach_contactpoint t
 WHERE t.workspace_id = %(workspace)s AND t.is_reachable{channel}"""
# An address that comes back after an erasure is suppressed in plain again when it is added, so
# that hashes need not be looked at here.
_SUPPRESSED: Final = """
   AND t.id NOT IN (
    SELECT a.id FROM outreach_suppression u
      JOIN outreach_contactpoint a
        ON a.workspace_id = u.workspace_id AND {match}
     WHERE u.workspace_id = %(workspace)s AND u.lifted_at IS NULL AND u.at <= %(now)s
       AND (u.until IS NULL OR u.until > %(now)s) AND u.purpose IN ('', 'marketing')
       AND {kind})"""
_MATCHES: Final = (
    ("NOT u.is_domain", "a.address = u.value"),
    ("u.is_domain", "a.channel = 'email' AND split_part(a.address, '@', 2) = u.value"),
)


@dataclass
class Compiler:
    """Writes conditions, and collects their parameters.

    ``keys`` are the rows behind the ids that the rules name.
    """

    workspace_id: int
    now: datetime
    keys: Mapping[UUID, int]
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.params |= {"workspace": self.workspace_id, "now": self.now}

    def condition(self, rule: Rule) -> str:
        """SQL of a rule; never null, so that not means the others."""
        sql = self._condition(rule)
        return f"NOT ({sql})" if rule.negated else sql

    def _condition(self, rule: Rule) -> str:
        if isinstance(rule, Group):
            joint = " AND " if rule.match == "all" else " OR "
            return joint.join(f"({self.condition(one)})" for one in rule.rules) or "true"
        if isinstance(rule, Field):
            return self._attribute(rule) if rule.is_attribute else self._field(rule)
        if isinstance(rule, ConsentIs):
            return self._consent(rule)
        if isinstance(rule, Reachable):
            return self._reachable(rule)
        if isinstance(rule, Did):
            return self._did(rule)
        if isinstance(rule, Dropped):
            return self._dropped(rule)
        if isinstance(rule, InVariant):
            return self._variant(rule)
        return _LISTED.format(audience=self._param(self.keys[rule.audience]))

    def _param(self, value: Any) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def _since(self, days: int) -> str:
        return self._param(self.now - timedelta(days=days))

    def _field(self, rule: Field) -> str:
        if rule.kind == "number":
            return self._figure(rule)
        if rule.name == "segment":
            if rule.test == "known":
                return _STANDING.format("s.segment <> ''")
            return _STANDING.format(f"s.segment = ANY({self._param(list(rule.value))})")
        return self._words(f"c.{rule.name}", rule)

    def _words(self, column: str, rule: Field) -> str:
        if rule.test == "known":
            return f"{column} <> ''"
        if rule.test in ("is", "any_of"):
            values = [one.lower() for one in rule.value]
            return f"lower({column}) = ANY({self._param(values)})"
        text = self._param(rule.value[0].lower())
        if rule.test == "contains":
            return f"strpos(lower({column}), {text}) > 0"
        return f"starts_with(lower({column}), {text})"

    def _figure(self, rule: Field) -> str:
        if rule.name == "days_since_added":
            return self._age("c.created_at", rule)
        column = {"days_since_purchase": "s.last_purchase_at"}.get(rule.name, f"s.{rule.name}")
        if rule.name == "days_since_purchase":
            return _STANDING.format(self._age(column, rule))
        if rule.test == "known":
            return _STANDING.format("s.purchases > 0")
        holds = f"{column} {_COMPARE[rule.test]} {self._param(rule.value)}"
        # Who has no standing yet bought nothing.
        is_nothing = {"equals": rule.value == 0, "at_least": rule.value <= 0,
                      "at_most": rule.value >= 0}[rule.test]  # fmt: skip
        return (
            f"NOT {_STANDING.format(f'NOT ({holds})')}" if is_nothing else _STANDING.format(holds)
        )

    def _age(self, column: str, rule: Field) -> str:
        if rule.test == "known":
            return f"{column} IS NOT NULL"
        days = f"floor(extract(epoch FROM %(now)s - {column}) / 86400)"
        return f"coalesce({days} {_COMPARE[rule.test]} {self._param(rule.value)}, false)"

    def _attribute(self, rule: Field) -> str:
        name = self._param(rule.name)
        if rule.test == "known":
            return f"coalesce(c.attributes ->> {name}, '') <> ''"
        if rule.kind == "text":
            return self._words(f"coalesce(c.attributes ->> {name}, '')", rule)
        if rule.kind == "boolean":
            asked = f"to_jsonb({self._param(rule.value)}::boolean)"
            return f"coalesce(c.attributes -> {name} = {asked}, false)"
        value = rule.value.isoformat() if rule.kind == "date" else rule.value
        compared = f"{_COMPARE[rule.test]} {self._param(value)}"
        text = f"c.attributes ->> {name}"
        if rule.kind == "number":
            number = f"CASE WHEN {text} ~ '^-?[0-9]{{1,18}}([.][0-9]{{1,12}})?$'"
            return f"coalesce({number} THEN ({text})::numeric END {compared}, false)"
        # Days written as 2026-06-30 sort as texts do, and no text makes the query fail.
        is_day = f"{text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'"
        return (
            f'coalesce(CASE WHEN {is_day} THEN left({text}, 10) COLLATE "C" END {compared}, false)'
        )

    def _consent(self, rule: ConsentIs) -> str:
        parts = {"channel": self._param(rule.channel), "purpose": self._param(rule.purpose)}
        if rule.state == "unknown":
            return f"(c.id NOT IN ({_ANY_CONSENT.format(**parts)})) IS TRUE"
        state = "n.is_given" if rule.state == "given" else "NOT n.is_given"
        return f"(c.id IN ({_NEWEST_CONSENT.format(**parts, state=state)})) IS TRUE"

    def _reachable(self, rule: Reachable) -> str:
        channel, own = "", "u.channel IN ('', a.channel)"
        if rule.channel:
            asked = self._param(rule.channel)
            channel, own = f" AND t.channel = {asked}", f"a.channel = {asked} AND {{}}"
            own = own.format(f"u.channel IN ('', {asked})")
        points = _REACHABLE.format(channel=channel)
        for kind, match in _MATCHES:
            points += _SUPPRESSED.format(kind=kind, match=f"{own} AND {match}")
        return f"c.id IN ({points})"

    def _did(self, rule: Did) -> str:
        since = self._since(rule.days)
        if moment := _MOMENTS.get(rule.event):
            return _TOUCHED.format(
                moment=moment, since=since, enough=self._enough("m.contact_id", rule.times)
            )
        detail = self._param(rule.detail) if rule.detail else ""
        if rule.event == "visited":
            rows = _SESSIONS.format(since=since)
        elif rule.event == "viewed":
            rows = _PAGES.format(since=since, detail=self._page(rule.detail))
        elif rule.event == "event":
            rows = _EVENTS.format(since=since, name=detail)
        else:
            narrowed = f" AND x.type = {detail}" if detail else ""
            rows = _CONVERSIONS.format(since=since, detail=narrowed)
        return _PEOPLE.format(rows=rows, enough=self._enough("1", rule.times))

    def _enough(self, key: str, times: int) -> str:
        """Nothing to count where once is enough."""
        return f"GROUP BY {key} HAVING count(*) >= {self._param(times)}" if times > 1 else ""

    def _page(self, path: str) -> str:
        """Pages by their path; a star at the end stands for anything."""
        if not path:
            return ""
        if path.endswith("*"):
            return f" AND starts_with(e.path, {self._param(path[:-1])})"
        return f" AND e.path = {self._param(path)}"

    def _dropped(self, rule: Dropped) -> str:
        since = self._param((self.now - timedelta(days=rule.days)).date())
        rows = _LEVELS.format(funnel=self._param(self.keys[rule.funnel]), since=since)
        reached = f"GROUP BY 1 HAVING max(r.level) = {self._param(rule.step)}"
        return _PEOPLE.format(rows=rows, enough=reached)

    def _variant(self, rule: InVariant) -> str:
        test = self._param(self.keys[rule.test])
        variant = ""
        if rule.variant:
            variant = _OF_VARIANT.format(test=test, key=self._param(rule.variant))
        units = _UNITS.format(test=test, variant=variant)
        public = _PUBLIC.format(units=units)
        met = _PEOPLE.format(rows=_MET.format(units=units, public=public), enough="")
        return f"(c.public_id IN ({public}) OR c.id IN ({_NUMBERED.format(units=units)}) OR {met})"

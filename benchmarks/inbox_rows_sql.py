"""The statements that draw an inbox: what each row is follows from hashes of its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models

from attribution.models import Person
from inbox.models import (
    AIClassification,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InternalNote,
    ReplyDraft,
)
from outreach.models import Contact, ContactPoint, OutreachMessage
from workspaces.models import Proposal

AGENTS: Final = 50

_HASH = "(abs(hashint8extended({0}, {1})) %% 1000003) / 1000003.0"


def _u(number: str, seed: int) -> str:
    """A number in [0, 1) that stays the same for its seed."""
    return "(" + _HASH.format(f"({number})::bigint", seed) + ")::float8"


def _one_of(values: Mapping[str, float], draw: str) -> str:
    """SQL that takes one of some words by their shares."""
    total, cases = 0.0, []
    for word, share in values.items():
        total += share
        cases.append(f"WHEN {draw} < {total:.4f} THEN '{word}'")
    return f"CASE {' '.join(cases)} ELSE '{next(iter(values))}' END"


_CHANNELS: Final = {
    "email": 0.45, "whatsapp": 0.15, "instagram": 0.10, "facebook": 0.08, "chat": 0.08,
    "sms": 0.05, "comment": 0.04, "linkedin": 0.03, "twitter": 0.02,
}  # fmt: skip
_STATUSES: Final = {"closed": 0.83, "open": 0.10, "waiting": 0.05, "snoozed": 0.02}
_TEAMS: Final = {"support": 0.6, "sales": 0.25, "success": 0.15}
_INTENTS: Final = {
    "question": 0.4, "complaint": 0.16, "purchase": 0.12, "objection": 0.1, "feedback": 0.08,
    "compliment": 0.06, "spam": 0.04, "unsubscribe": 0.02, "other": 0.02,
}  # fmt: skip
_URGENCIES: Final = {"medium": 0.6, "low": 0.25, "high": 0.15}
_LANGUAGES: Final = {"en": 0.7, "de": 0.15, "fr": 0.08, "es": 0.07}

# What a conversation is, by its number. The open ones are of the last two weeks; closed ones go
# back for years, more of them lately.
DRAWN: Final = f"""
CREATE TEMPORARY TABLE drawn_conversation AS
WITH d AS (
  SELECT n, {_one_of(_CHANNELS, _u("n", 1))} AS channel,
         {_one_of(_STATUSES, _u("n", 2))} AS status,
         {_one_of(_TEAMS, _u("n", 3))} AS team, {_one_of(_INTENTS, _u("n", 4))} AS intent,
         {_one_of(_URGENCIES, _u("n", 5))} AS urgency,
         {_one_of(_LANGUAGES, _u("n", 6))} AS language,
         %(base)s::bigint + 1 + floor(power({_u("n", 7)}, 1.3) * %(contacts)s)::bigint AS contact,
         CASE WHEN {_u("n", 8)} < 0.65
              THEN floor(power({_u("n", 9)}, 1.6) * {AGENTS})::int + 1 END AS agent,
         least(60, 1 + floor(-ln(1 - {_u("n", 10)}) * 6.2))::int AS messages,
         {_u("n", 11)} AS age, {_u("n", 12)} AS late, {_u("n", 13)} AS worth
    FROM generate_series(%(base)s::bigint + 1, %(base)s::bigint + %(conversations)s::bigint) n
)
SELECT d.*, %(base)s::bigint + (sum(messages) OVER (ORDER BY n) - messages)::bigint AS first,
       %(now)s::timestamptz - CASE status
         WHEN 'open' THEN age * age * interval '14 days'
         WHEN 'waiting' THEN age * interval '20 days'
         WHEN 'snoozed' THEN age * interval '30 days'
         ELSE interval '2 hours' + power(age, 1.5) * interval '900 days' END AS last_at,
       interval '1 second' * (600 + floor(late * 20000)) AS step
  FROM d;
ALTER TABLE drawn_conversation ADD PRIMARY KEY (n);
ANALYZE drawn_conversation;
"""

# Their first message is the first; after it two of three are theirs.
MESSAGES: Final = f"""
CREATE TEMPORARY TABLE drawn_message AS
SELECT c.first + k AS id, c.n AS conversation, c.first + 1 AS opener, k, c.messages, c.channel,
       c.contact,
       CASE WHEN k = 1 OR k = c.messages AND c.status = 'open' OR {_u("c.first + k", 21)} < 0.6
            THEN 'in' ELSE 'out' END AS direction,
       c.last_at - (c.messages - k) * c.step AS at, c.status, c.intent, c.urgency, c.language
  FROM drawn_conversation c CROSS JOIN LATERAL generate_series(1, c.messages) k;
ALTER TABLE drawn_message ADD PRIMARY KEY (id);
ANALYZE drawn_message;
CREATE TEMPORARY TABLE drawn_phrase AS
SELECT place - 1 AS n, words FROM unnest(%(phrases)s::text[]) WITH ORDINALITY p(words, place);
ALTER TABLE drawn_phrase ADD PRIMARY KEY (n);
ANALYZE drawn_phrase;
"""

# Who asks under a post has the address of the network that it stands on.
_CHANNEL: Final = "CASE c.channel WHEN 'comment' THEN 'facebook' ELSE c.channel END"
_ADDRESS: Final = """CASE WHEN c.channel = 'email' THEN lower(f.name || '.' || c.contact)
    || '@mail' || c.contact %% 997 || '.example'
    WHEN c.channel IN ('sms', 'whatsapp') THEN '+1555' || lpad(c.contact::text, 8, '0')
    ELSE 'u' || c.contact END"""
_NAMES: Final = """(ARRAY['Ada','Ben','Cleo','Dan','Eva','Finn','Gina','Hugo','Ines','Jan','Kira',
  'Leo','Mia','Nils','Olga','Paul','Quinn','Rosa','Sam','Tara','Uwe','Vera','Will','Zoe'])"""
_LAST_NAMES: Final = "'Name' || c.contact %% 4001"
# A point of each channel that a contact writes by; its key is made of both.
_PLACES: Final = """(SELECT DISTINCT c.contact,
    CASE c.channel WHEN 'comment' THEN 'facebook' ELSE c.channel END AS channel
  FROM drawn_conversation c)"""
_POINT: Final = """c.contact * 16 + array_position(ARRAY['email','sms','whatsapp','instagram',
    'facebook','linkedin','twitter','chat'], {channel}::text)"""

_PEOPLE: Final = "(SELECT DISTINCT contact FROM drawn_conversation) c"
_NAME: Final = f"{_NAMES}[1 + (c.contact * 7919 %% 24)::int]"
_WRITER: Final = _NAME.replace("c.", "m.")
_OWN_MESSAGE: Final = "m.direction = 'out' AND m.at > %(now)s::timestamptz - interval '10 days'"
_TEXT: Final = """a.words || ' ' || b.words ||
  CASE WHEN m.k %% 2 = 0 THEN ' ' || e.words ELSE '' END
  || ' order ' || (m.id * 7919 %% 300000)::text"""
_TEXTS: Final = " JOIN ".join(
    ["drawn_message m"]
    + [
        f"drawn_phrase {name} ON {name}.n = floor({_u('m.id', seed)} * %(phrase_count)s)"
        for name, seed in (("a", 31), ("b", 32), ("e", 33))
    ]
)
_WAITS: Final = "c.status <> 'closed' AND c.status <> 'waiting'"
_DUE: Final = (
    f"CASE WHEN {_WAITS} AND c.late < 0.9 THEN c.last_at + interval '8 hours'"
    f" + {_u('c.n', 14)} * interval '14 days' END"
)
_IS_OVER: Final = f"{_DUE} < %(now)s::timestamptz"

TABLES: Final[tuple[tuple[type[models.Model], dict[str, str], str], ...]] = (
    (Person, {"id": "c.contact", "workspace_id": "%(ws)s"}, _PEOPLE),
    (
        Contact,
        {
            "id": "c.contact",
            "workspace_id": "%(ws)s",
            "person_id": "c.contact",
            "first_name": _NAME,
            "last_name": _LAST_NAMES,
            "source": "'inbox'",
            "country": "(ARRAY['US','DE','FR','ES','GB'])[1 + c.contact %% 5]",
        },
        _PEOPLE,
    ),
    (
        ContactPoint,
        {
            "id": _POINT.format(channel="c.channel"),
            "workspace_id": "%(ws)s",
            "contact_id": "c.contact",
            "channel": "c.channel",
            "address": _ADDRESS,
            "verified_at": "%(now)s::timestamptz",
        },
        f"{_PLACES} c CROSS JOIN LATERAL (SELECT {_NAME} AS name) f",
    ),
    (
        Conversation,
        {
            "id": "c.n",
            "workspace_id": "%(ws)s",
            "contact_id": "c.contact",
            "channel": "c.channel",
            "subject": "CASE WHEN c.channel = 'email' THEN p.words ELSE '' END",
            "status": "c.status",
            "assignee_id": "(%(agents)s::bigint[])[c.agent]",
            "team": "c.team",
            "tags": f"""CASE WHEN {_u("c.n", 15)} < 0.3
                THEN ARRAY['topic' || floor(power({_u("c.n", 16)}, 3) * 40)] ELSE '{{}}' END
                || CASE WHEN c.n %% 5000 = 0 THEN ARRAY['rare'] ELSE '{{}}' END""",
            "intent": "c.intent",
            "sentiment": f"2 * {_u('c.n', 17)} - 1",
            "urgency": "c.urgency",
            "language": "c.language",
            "preview": "left(p.words || ' ' || p.words, 200)",
            "unread": "CASE WHEN c.status = 'open' THEN 1 ELSE 0 END",
            "opened_at": "c.last_at - (c.messages - 1) * c.step",
            "last_message_at": "c.last_at",
            "last_inbound_at": "c.last_at",
            "waiting_since": f"CASE WHEN {_WAITS} THEN c.last_at END",
            "first_answered_at": "CASE WHEN c.messages > 2 THEN c.last_at - c.step END",
            "snoozed_until": "CASE WHEN c.status = 'snoozed' THEN"
            " %(now)s::timestamptz + (1 + c.age * 20) * interval '1 day' END",
            "closed_at": "CASE WHEN c.status = 'closed' THEN c.last_at + interval '1 hour' END",
            "due_at": _DUE,
            "warn_at": f"{_DUE} - interval '1 hour'",
            "escalate_at": f"{_DUE} + interval '4 hours'",
            "sla_state": f"CASE WHEN {_DUE} IS NULL THEN '' WHEN {_IS_OVER} THEN 'escalated'"
            " ELSE 'running' END",
            "breached_at": f"CASE WHEN {_IS_OVER} THEN {_DUE} END",
            "is_escalated": f"coalesce({_IS_OVER}, false)",
            "value_at_risk": "exp(c.worth * 8)",
            "order_key": f"c.worth * 8 - extract(epoch FROM coalesce({_DUE},"
            " c.last_at + interval '7 days')) / 14400",
        },
        f"drawn_conversation c JOIN drawn_phrase p"
        f" ON p.n = floor({_u('c.n', 18)} * %(phrase_count)s)",
    ),
    (
        OutreachMessage,
        {
            "id": "m.id",
            "workspace_id": "%(ws)s",
            "contact_id": "m.contact",
            "point_id": _POINT.format(channel=_CHANNEL).replace("c.", "m."),
            "channel": _CHANNEL.replace("c.", "m."),
            "purpose": "'service'",
            "is_reply": "true",
            "dedup_key": "'load:' || m.id",
            "status": "'delivered'",
            "send_at": "m.at",
            "sent_at": "m.at",
            "delivered_at": "m.at",
            "provider": "'twilio'",
        },
        f"drawn_message m WHERE {_OWN_MESSAGE}",
    ),
    (
        CustomerResponse,
        {
            "id": "m.id",
            "workspace_id": "%(ws)s",
            "conversation_id": "m.conversation",
            "arrived_in_id": "m.conversation",
            "channel": "m.channel",
            "direction": "m.direction",
            "point_id": _POINT.format(channel=_CHANNEL).replace("c.", "m."),
            "answers_id": "CASE WHEN m.direction = 'out' THEN m.opener END",
            "external_id": "CASE WHEN m.direction = 'in' THEN 'load:' || m.id ELSE '' END",
            "sender_name": f"CASE m.direction WHEN 'in' THEN {_WRITER} ELSE '' END",
            "text": _TEXT,
            "at": "m.at",
            "received_at": "m.at",
            "first_viewed_at": "CASE WHEN m.k < m.messages THEN m.at END",
            "answered_at": "CASE WHEN m.k < m.messages THEN m.at + interval '1 hour' END",
            "is_flagged": "m.id %% 211 = 0",
            **dict.fromkeys(
                ("due_at", "breached_at"),
                "CASE WHEN m.id %% 53 = 0 AND m.direction = 'in' THEN m.at END",
            ),
            "delivery": "CASE WHEN m.direction = 'in' THEN '' ELSE 'delivered' END",
            "sent_at": "CASE WHEN m.direction = 'out' THEN m.at END",
            "message_id": f"CASE WHEN {_OWN_MESSAGE} THEN m.id END",
            "read_at": "CASE WHEN m.direction = 'in' THEN m.at + interval '2 seconds' END",
        },
        _TEXTS,
    ),
    (
        AIClassification,
        {
            "id": "m.id",
            "workspace_id": "%(ws)s",
            "response_id": "m.id",
            "intent": "m.intent",
            "confidence": _u("m.id", 41),
            "sentiment": f"2 * {_u('m.id', 42)} - 1",
            "sentiment_label": "'neutral'",
            "urgency": "m.urgency",
            "language": "m.language",
            "model": "'inbox-base'",
            "version": "'base-1'",
            "ms": "5",
            "read_at": "m.at + interval '2 seconds'",
            "corrected_intent": "CASE WHEN m.id %% 97 = 0 THEN 'question' ELSE '' END",
            "corrected_at": "CASE WHEN m.id %% 97 = 0 THEN m.at END",
        },
        "drawn_message m WHERE m.direction = 'in'",
    ),
    (
        ConversationEvent,
        {
            "workspace_id": "%(ws)s",
            "conversation_id": "c.n",
            "kind": "'opened'",
            "at": "c.last_at - (c.messages - 1) * c.step",
            "by_label": "'Countersign'",
        },
        "drawn_conversation c",
    ),
    (
        ConversationEvent,
        {
            "workspace_id": "%(ws)s",
            "conversation_id": "c.n",
            "kind": "'closed'",
            "at": "c.last_at + interval '1 hour'",
            "by_label": "'Agent'",
        },
        "drawn_conversation c WHERE c.status = 'closed'",
    ),
    (
        InternalNote,
        {
            "workspace_id": "%(ws)s",
            "conversation_id": "c.n",
            "author_id": "(%(agents)s::bigint[])[1 + c.n %% 50]",
            "text": "'Seen before: ' || p.words || ' note' || c.n %% %(base)s::bigint",
            "written_at": "c.last_at",
        },
        f"drawn_conversation c JOIN drawn_phrase p"
        f" ON p.n = floor({_u('c.n', 19)} * %(phrase_count)s) WHERE c.n %% 10 = 0",
    ),
    (
        Proposal,
        {
            "id": "c.n",
            "workspace_id": "%(ws)s",
            "kind": "'inbox.reply'",
            "subject_key": "'inbox.reply:load' || c.n",
            "subject_label": "'An answer'",
            "summary": "'Answer'",
            "reason": "'It is a question.'",
            "status": "'pending'",
            "risk": "'low'",
            "proposer_type": "'rule'",
            "proposer_key": "'rule:templates'",
            "proposer_label": "'Answers from templates'",
            "created_at": "c.last_at",
            "expires_at": "%(now)s::timestamptz + interval '30 days'",
        },
        "drawn_conversation c WHERE c.status = 'open' AND c.n %% 7 = 0",
    ),
    (
        ReplyDraft,
        {
            "proposal_id": "c.n",
            "workspace_id": "%(ws)s",
            "conversation_id": "c.n",
            "answers_id": "c.first + c.messages",
            "source": "'template'",
            "intent": "c.intent",
            "confidence": "0.9",
            "text": "'Thank you for your words.'",
        },
        "drawn_conversation c WHERE c.status = 'open' AND c.n %% 7 = 0",
    ),
)

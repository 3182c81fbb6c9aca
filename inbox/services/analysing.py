"""What texts say, told at once and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inbox.engine.reading.buying import barriers_of, objection_of
from inbox.engine.reading.shapes import Reading
from inbox.models import CustomerResponse
from inbox.selectors.replies import filled_for
from inbox.services.classifying import read_all
from inbox.services.drafting import template_for
from outreach.engine.opt_out import plain


def classify(texts: Sequence[str], *, workspace_id: int) -> list[dict[str, Any]]:
    """Read texts as messages of a workspace are read, in the words of the API."""
    return [_told(one) for one in _read(texts, workspace_id)]


def analyse_objection(text: str, *, workspace_id: int) -> dict[str, Any]:
    """Tell what keeps the writer from buying; the type is empty where nothing seems to."""
    (reading,) = _read([text], workspace_id)
    said = plain(text)
    found = reading.objection or (
        objection_of(said, reading.purchase) if barriers_of(said) else None
    )
    if found is None:
        return {"type": "", "readiness": "ready", "evidence": [], "suggested_response": None}
    answer = found.suggested_response
    return {
        "type": found.type,
        "readiness": found.readiness,
        "evidence": list(found.evidence),
        "suggested_response": {
            "tone": answer.tone,
            "key_points": list(answer.key_points),
            "template": answer.template,
        },
    }


def analyse_purchase(text: str, *, workspace_id: int) -> dict[str, Any]:
    """Tell how near the writer is to buying. A discount is a hint to a person."""
    (reading,) = _read([text], workspace_id)
    found = reading.purchase
    return {
        "score": round(found.score, 4),
        "level": found.level,
        "signals": list(found.signals),
        "barriers": list(found.barriers),
        "discount_pct": found.discount_pct,
        "timing": found.timing,
    }


def suggest(response: CustomerResponse) -> dict[str, Any]:
    """Answer of the approved template that fits a message best; kept and sent by nobody."""
    template, why = template_for(response)
    if template is None:
        return {"text": "", "subject": "", "template": None, "why": why}
    filled = filled_for(template, response)
    return {
        "text": filled.text,
        "subject": filled.subject,
        "template": str(template.public_id),
        "why": why,
    }


def _read(texts: Sequence[str], workspace_id: int) -> list[Reading]:
    return [one.reading for one in read_all(list(texts), [workspace_id] * len(texts))]


def _told(reading: Reading) -> dict[str, Any]:
    return {
        "intent": reading.intent,
        "intent_confidence": round(reading.intent_confidence, 4),
        "sentiment_score": round(reading.sentiment_score, 4),
        "sentiment_label": reading.sentiment_label,
        "urgency": reading.urgency,
        "language": reading.language,
        "topics": list(reading.topics),
        "entities": {
            "products": list(reading.entities.products),
            "issues": list(reading.entities.issues),
            "requests": list(reading.entities.requests),
        },
        "next_best_action": {
            "action": reading.next_best_action.action,
            "priority": reading.next_best_action.priority,
            "reasoning": reading.next_best_action.reasoning,
        },
        "requires_human": {
            "flag": reading.requires_human.flag,
            "reason": reading.requires_human.reason,
        },
        "reasons": list(reading.reasons),
    }

"""What is known of contacts on one channel: address, consent, suppression, how they answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from outreach.engine.channels import BoolArray, Channel, CodeArray, IntArray, MomentArray, Purpose
from outreach.engine.choice import engagement
from outreach.engine.facts import Consent, Point, Suppression
from outreach.models import Suppression as SuppressionRow
from outreach.selectors.asked import Asked
from outreach.selectors.binary import NO_MOMENT, Table, last_of, read_table

_REACHABLE, _VERIFIED, _NANP = 1, 2, 4
_POINTS: Final = f"""
SELECT a.place, p.id, p.position::int4,
       (p.is_reachable::int + 2 * (p.verified_at IS NOT NULL)::int
        + 4 * (left(p.address, 2) = '+1')::int)::int2,
       coalesce(p.last_inbound_at, {NO_MOMENT}), coalesce(p.entered_by_ad_at, {NO_MOMENT}),
       p.sent, p.opened, p.clicked, p.replied
  FROM {{asked}} a
  JOIN outreach_contactpoint p ON p.contact_id = a.contact_id AND p.channel = %(channel)s
   AND p.workspace_id = %(workspace)s
 WHERE a.point_id IS NULL OR a.point_id = p.id
"""  # noqa: S608  # one of our own constants
_POINT_COLUMNS: Final = {
    "place": "i4", "id": "i8", "position": "i4", "flags": "i2", "inbound": "at", "ad": "at",
    "sent": "i4", "opened": "i4", "clicked": "i4", "replied": "i4",
}  # fmt: skip
_CONSENTS: Final = """
SELECT a.place, c.id, c.at, c.is_given::int::int2
  FROM {asked} a
  JOIN outreach_consent c ON c.contact_id = a.contact_id AND c.workspace_id = %(workspace)s
   AND c.channel = %(channel)s AND c.purpose = %(purpose)s
"""
_SUPPRESSED: Final = """
SELECT a.place, p.id, array_position(%(reasons)s, s.reason::text)::int2
  FROM {asked} a
  JOIN outreach_contactpoint p ON p.contact_id = a.contact_id AND p.channel = %(channel)s
   AND p.workspace_id = %(workspace)s
  JOIN outreach_suppression s ON s.workspace_id = p.workspace_id AND s.lifted_at IS NULL
   AND (s.until IS NULL OR s.until > %(now)s) AND s.channel IN ('', %(channel)s)
   AND s.purpose IN ('', %(purpose)s) AND """
#: How an address may be named: itself, of somebody erased by its hash, by its domain.
_BY_VALUE: Final = "NOT s.is_domain AND s.value = p.address"
_BY_HASH: Final = (
    "NOT s.is_domain AND s.value = encode(sha256(convert_to(p.address, 'UTF8')), 'hex')"
)
_BY_DOMAIN: Final = "s.is_domain AND s.value = split_part(p.address, '@', 2)"
_REASONS: Final = [one.name.lower() for one in Suppression if one]
#: These are the person's own word: another address of theirs is none to try instead.
_OWN_WORD: Final = (Suppression.UNSUBSCRIBE, Suppression.COMPLAINT)


@dataclass(frozen=True, eq=False)
class OnChannel:
    """Of n contacts on one channel, as `engine.facts.Facts` has it; `point_id` is 0 for none."""

    point_id: IntArray
    point: CodeArray
    consent: CodeArray
    consent_id: IntArray
    suppression: CodeArray
    last_inbound: MomentArray
    ad_entry: MomentArray
    is_nanp: BoolArray
    engaged: npt.NDArray[np.float32]


def on_channel(asked: Asked, channel: Channel, purpose: Purpose, now: datetime) -> OnChannel:
    """Read what is known of contacts on a channel; of several addresses the best one counts."""
    given = asked.values(
        channel=channel.key, now=now, reasons=_REASONS,
        purpose=Purpose.MARKETING.key if purpose == Purpose.MARKETING else Purpose.SERVICE.key,
    )  # fmt: skip
    suppressed = _suppressed(asked, channel, given)
    points = read_table(asked.query(_POINTS), given, _POINT_COLUMNS)
    best = _best(points, suppressed)
    consent, consent_id = _consents(asked, given)
    place = points["place"][best]
    flags = points["flags"][best]
    return OnChannel(
        point_id=_spread(asked.n, place, points["id"][best]),
        point=_spread(asked.n, place, _codes(flags, channel)),
        consent=consent,
        consent_id=consent_id,
        suppression=_suppression(asked.n, place, points["id"][best], suppressed),
        last_inbound=_moments(asked.n, place, points["inbound"][best]),
        ad_entry=_moments(asked.n, place, points["ad"][best]),
        is_nanp=_spread(asked.n, place, (flags & _NANP) > 0),
        engaged=_engaged(asked.n, place, {name: points[name][best] for name in _COUNTS}),
    )


_COUNTS: Final = ("sent", "opened", "clicked", "replied")


def _best(points: Table, suppressed: Table) -> npt.NDArray[np.int64]:
    """Rows of the address of each contact that is free, reachable and comes first."""
    is_held = np.isin(points["id"], suppressed["id"])
    is_reachable = (points["flags"] & _REACHABLE) > 0
    return last_of(points["place"], ~is_held, is_reachable, -points["position"], -points["id"])


def _codes(flags: npt.NDArray[np.int16], channel: Channel) -> CodeArray:
    found = np.where((flags & _REACHABLE) > 0, Point.USABLE, Point.UNREACHABLE).astype(np.int8)
    if channel == Channel.TWITTER:
        # What an account there was seen to accept is kept as a verified address.
        found[(found == Point.USABLE) & ((flags & _VERIFIED) > 0)] = Point.ACCEPTING
    return found


def _consents(asked: Asked, given: dict[str, Any]) -> tuple[CodeArray, IntArray]:
    columns = {"place": "i4", "id": "i8", "at": "at", "is_given": "i2"}
    rows = read_table(asked.query(_CONSENTS), given, columns)
    newest = last_of(rows["place"], rows["at"], rows["id"])
    place = rows["place"][newest]
    code = np.where(rows["is_given"][newest] > 0, Consent.GIVEN, Consent.WITHDRAWN).astype(np.int8)
    return _spread(asked.n, place, code), _spread(asked.n, place, rows["id"][newest])


def _suppressed(asked: Asked, channel: Channel, given: dict[str, Any]) -> Table:
    """Addresses that must not be written to, each with its place and why."""
    columns = {"place": "i4", "id": "i8", "reason": "i2"}
    found = [
        read_table(asked.query(_SUPPRESSED) + by, given, columns) for by in _ways(asked, channel)
    ]
    return {
        name: np.concatenate([np.zeros(0, kind), *(part[name] for part in found)])
        for name, kind in columns.items()
    }


def _ways(asked: Asked, channel: Channel) -> list[str]:
    """In which ways addresses are named here; most workspaces know few of them."""
    open_rows = SuppressionRow.objects.filter(workspace=asked.workspace, lifted_at=None)
    kinds = {
        _BY_VALUE: Q(is_domain=False),
        _BY_HASH: Q(is_domain=False, value__regex="^[0-9a-f]{64}$"),
        _BY_DOMAIN: Q(is_domain=True),
    }
    if channel != Channel.EMAIL:
        del kinds[_BY_DOMAIN]
    return [by for by, which in kinds.items() if open_rows.filter(which).exists()]


def _suppression(n: int, place: IntArray, chosen: IntArray, suppressed: Table) -> CodeArray:
    """Why nothing goes to the chosen address, or to the person on this channel at all."""
    found = np.zeros(n, np.int8)
    own = np.zeros(n, np.int64)
    own[place] = chosen
    counts = np.isin(suppressed["reason"], _OWN_WORD)
    counts |= own[suppressed["place"]] == suppressed["id"]
    np.maximum.at(found, suppressed["place"][counts], suppressed["reason"][counts].astype(np.int8))
    return found


def _engaged(n: int, place: IntArray, counts: Table) -> npt.NDArray[np.float32]:
    found = np.full(n, 0.5, np.float32)
    found[place] = engagement(*(counts[name] for name in _COUNTS))
    return found


def _spread(n: int, place: IntArray, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    found = np.zeros(n, values.dtype)
    found[place] = values
    return found


def _moments(n: int, place: IntArray, values: MomentArray) -> MomentArray:
    found = np.full(n, np.datetime64("NaT", "s"))
    found[place] = values
    return found

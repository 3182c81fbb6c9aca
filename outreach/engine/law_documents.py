"""What a workspace asks of a channel beyond the law, as JSON, and back. It can only be stricter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from outreach.engine.channels import Channel
from outreach.engine.laws import DEFAULT_LAWS, HOUR, ChannelLaw, Outside
from outreach.engine.zones import Span

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WINDOWS: Final = {
    "window_hours": "window_s",
    "ad_window_hours": "ad_window_s",
    "person_window_hours": "person_window_s",
}
_SWITCHES: Final = (
    "consent_for_service", "needs_acceptance", "reply_despite_stop", "templates_to_nanp",
)  # fmt: skip
_PARTS: Final = ("quiet", "by_person_only", *_WINDOWS, *_SWITCHES)


def law_to_document(channel: Channel, law: ChannelLaw) -> dict[str, object]:
    """Write what differs from the shipped law of a channel."""
    shipped = DEFAULT_LAWS[channel]
    document: dict[str, object] = {}
    if law.quiet != shipped.quiet:
        document["quiet"] = None if law.quiet is None else [_text(one) for one in law.quiet]
    if law.outside != shipped.outside:
        document["by_person_only"] = law.outside == Outside.TASK
    for name, field in _WINDOWS.items():
        if getattr(law, field) != getattr(shipped, field):
            document[name] = getattr(law, field) // HOUR
    for name in _SWITCHES:
        if getattr(law, name) != getattr(shipped, name):
            document[name] = getattr(law, name)
    return document


def _text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def law_from_document(channel: Channel, document: object) -> ChannelLaw:
    """Read the law of a channel: the shipped one, and what a workspace asks beyond it.

    Parameters
    ----------
    channel : whose law
    document : any of `quiet` (two local times such as `["20:00", "09:00"]`, or null for none;
        hours that the law itself names stay), `by_person_only`, `window_hours`,
        `ad_window_hours`, `person_window_hours`, `consent_for_service`, `needs_acceptance`,
        `reply_despite_stop`, `templates_to_nanp`

    Raises
    ------
    ValueError : a part is unknown, wrong, or laxer than the law; it begins with its name
    """
    if not isinstance(document, Mapping):
        raise ValueError(f"law: it is an object, not {document!r}")
    for name in document:
        if name not in _PARTS:
            raise ValueError(f"{name}: there is no such part; there are {', '.join(_PARTS)}")
    law = DEFAULT_LAWS[channel]
    is_task = law.outside == Outside.TASK
    by_person = _switch(document, "by_person_only", is_task, strict=True)
    return replace(
        law,
        outside=Outside.TASK if by_person else law.outside,
        quiet=_quiet(document["quiet"]) if "quiet" in document else law.quiet,
        window_s=_window(document, "window_hours", law.window_s),
        ad_window_s=_window(document, "ad_window_hours", law.ad_window_s),
        person_window_s=_window(document, "person_window_hours", law.person_window_s),
        consent_for_service=_switch(
            document, "consent_for_service", law.consent_for_service, strict=True
        ),
        needs_acceptance=_switch(document, "needs_acceptance", law.needs_acceptance, strict=True),
        reply_despite_stop=_switch(
            document, "reply_despite_stop", law.reply_despite_stop, strict=False
        ),
        templates_to_nanp=_switch(
            document, "templates_to_nanp", law.templates_to_nanp, strict=False
        ),
    )


def _quiet(told: object) -> Span | None:
    if told is None:
        return None
    if not isinstance(told, list | tuple) or len(told) != 2:
        raise ValueError(f"quiet: {told!r} is no pair of times such as 20:00 and 09:00")
    found = [_TIME.fullmatch(one) if isinstance(one, str) else None for one in told]
    if found[0] is None or found[1] is None:
        raise ValueError(f"quiet: {told!r} is no pair of times such as 20:00 and 09:00")
    first, last = (int(one[1]) * 60 + int(one[2]) for one in found if one is not None)
    return first, last


def _window(document: Mapping[str, object], name: str, shipped_s: int) -> int:
    most = shipped_s // HOUR
    told = document.get(name, most)
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= most:
        raise ValueError(f"{name}: {told!r} is no number of hours from 0 to {most}")
    return told * HOUR


def _switch(document: Mapping[str, object], name: str, shipped: bool, *, strict: bool) -> bool:  # noqa: FBT001  # the value itself
    told = document.get(name, shipped)
    if not isinstance(told, bool):
        raise ValueError(f"{name}: {told!r} is neither true nor false")
    if told not in (shipped, strict):
        raise ValueError(f"{name}: the law leaves only {str(strict).lower()}")
    return told

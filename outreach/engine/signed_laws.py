"""The law of a channel as a signature holds it, and what binds once it has changed since.

What became stricter binds at once; what became laxer, only what is signed from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from outreach.engine.laws import ChannelLaw, Outside
from outreach.engine.zones import Span

_SPANS = ("quiet", "quiet_too")


def law_as_signed(law: ChannelLaw) -> dict[str, object]:
    """Write a law in full, what is shipped included: a later version of it is another law."""
    return {
        **asdict(law),
        "outside": law.outside.name.lower(),
        **{name: _written(getattr(law, name)) for name in _SPANS},
    }


def _written(span: Span | None) -> list[int] | None:
    return None if span is None else list(span)


def law_that_was_signed(document: Mapping[str, object]) -> ChannelLaw:
    """Read a law that `law_as_signed` wrote; what a later version added is as it is shipped.

    Raises
    ------
    ValueError : a part is none of a law
    """
    try:
        law = ChannelLaw(**document)  # type: ignore[arg-type]  # checked by what follows
        return replace(
            law,
            outside=Outside[str(law.outside).upper()],
            quiet=_read(law.quiet),
            quiet_too=_read(law.quiet_too),
        )
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"law: {document!r} is none that was signed") from error


def _read(told: Span | None) -> Span | None:
    if told is None:
        return None
    first, last = told  # a list in JSON; anything but a pair is an error
    return first, last


def stricter(now: ChannelLaw, signed: ChannelLaw) -> ChannelLaw:
    """Law that keeps to both: of each part the stricter one; quiet is what either calls quiet."""
    quiet = [one for one in dict.fromkeys((now.quiet, signed.quiet)) if one is not None]
    return replace(
        now,
        outside=max(now.outside, signed.outside),
        window_s=min(now.window_s, signed.window_s),
        ad_window_s=min(now.ad_window_s, signed.ad_window_s),
        person_window_s=min(now.person_window_s, signed.person_window_s),
        comment_window_s=min(now.comment_window_s, signed.comment_window_s),
        quiet=quiet[0] if quiet else None,
        quiet_too=quiet[1] if len(quiet) > 1 else None,
        legal_hours=now.legal_hours or signed.legal_hours,
        consent_for_service=now.consent_for_service or signed.consent_for_service,
        reply_despite_stop=now.reply_despite_stop and signed.reply_despite_stop,
        needs_acceptance=now.needs_acceptance or signed.needs_acceptance,
        templates_to_nanp=now.templates_to_nanp and signed.templates_to_nanp,
    )

"""Words of a funnel's recommendations."""

from __future__ import annotations

from typing import Final

from workspaces.formats import share

LANDING: Final = (
    "Put the promise of the ad or link into the headline.",
    "Show one clear next step without scrolling, on a phone too.",
    "Measure how long the page takes to load, and leave out what delays it.",
)
SLOW: Final = (
    "Watch timelines of sessions that took long: where do people stop, leave and come back?",
    "Leave out fields and pages that the step does not need.",
    "Measure how long the pages of this step take to load.",
)
# What tends to help at a step, by a word of its name; the first word that is in it counts.
_AT_STEP: Final = (
    (("checkout", "payment", "pay"), (
        "Offer to buy without an account.",
        "Show all costs before the last page.",
        "Add the ways to pay that people here expect.",
    )),
    (("purchase", "order", "conversion", "thank"), (
        "Look at the errors that people see when they send the order.",
        "Show that paying is safe, and how to return goods.",
        "Keep what they typed when something goes wrong.",
    )),
    (("cart", "basket", "add"), (
        "Make the button visible without scrolling, on a phone too.",
        "Show price, delivery and stock beside it.",
        "Confirm that the article is in the cart, with the way on to the checkout.",
    )),
    (("form", "sign", "register", "lead", "contact"), (
        "Ask only for what the first answer needs.",
        "Say what happens after sending.",
        "Show errors beside the field, while people type.",
    )),
    (("product", "detail", "item"), (
        "Link to products from where people land.",
        "Let the search and the filters answer what people look for.",
        "Show price and pictures in the list already.",
    )),
)  # fmt: skip
_ANY_STEP: Final = (
    "Watch timelines of sessions that end here.",
    "Show one clear way on.",
    "Leave out what does not lead to the next step.",
)
_IN_SEGMENT: Final = {
    "device": (
        "Walk through the step on such a device, with a slow connection.",
        "Check that buttons are large enough and that nothing covers them.",
        "Look for errors that only its browsers report.",
    ),
    "source": (
        "Compare what its ads and links promise with what the page says.",
        "Lead it to a landing page of its own.",
        "Spend less on it if the gap stays.",
    ),
    "customer_type": (
        "Ask some of them what they expected at this step.",
        "Show them what fits: proof for new people, a short way for those who know us.",
        "Keep what they entered before.",
    ),
}
_DURATIONS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def for_step(name: str) -> tuple[str, ...]:
    """Say what to do at a step, by its name."""
    low = name.lower()
    return next((what for words, what in _AT_STEP if any(w in low for w in words)), _ANY_STEP)


def for_segment(dimension: str, key: str, step: str) -> tuple[str, ...]:
    """Say what to do for a segment at a step."""
    if dimension == "device" and key == "mobile":
        return (_IN_SEGMENT["device"][0], *for_step(step)[:1], *_IN_SEGMENT["device"][1:])
    return _IN_SEGMENT.get(dimension, _ANY_STEP)


def group(dimension: str, key: str) -> str:
    """Name the people of a segment."""
    what = key or "unknown"
    names = {
        "device": f"visitors on {what}",
        "source": f"visitors from {what}",
        "customer_type": f"{what} visitors",
    }
    return names.get(dimension, f"visitors with {dimension.replace('_', ' ')} {what}")


def share_of(gain: float, conversions: int) -> str:
    """Say what a gain is beside the conversions there are."""
    if not conversions:
        return f"About {gain:,.1f} conversions in a period like this one, where there were none."
    return (
        f"About {gain:,.1f} conversions in a period like this one,"
        f" {share(gain / conversions, 1)} more."
    )


def duration(seconds: float) -> str:
    """Write a time in its largest unit: "3.5 minutes"."""
    size, unit = next((pair for pair in _DURATIONS if seconds >= pair[0]), _DURATIONS[-1])
    number = f"{seconds / size:.1f}".removesuffix(".0")
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"

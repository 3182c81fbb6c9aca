"""What somebody wants who writes under a post, by word lists.

A learned model takes its place where one is registered (`workspaces.text_classes`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from outreach.engine.opt_out import plain
from outreach.engine.sentiment import feeling_of

Intent = Literal["interested", "price_question", "complaint", "praise", "spam", "other"]
INTENTS: Final[tuple[Intent, ...]] = (
    "interested", "price_question", "complaint", "praise", "spam", "other",
)  # fmt: skip
MAX_TEXT: Final = 2_000

_PRAISE_FROM: Final = 0.35
_COMPLAINT_TO: Final = -0.45
_LINK: Final = re.compile(
    r"https?://|www\.|\b[a-z0-9-]+\.(?:com|net|ru|xyz|top|io|me|biz|info)/", re.I
)
_PATTERNS: Final[dict[Intent, tuple[str, ...]]] = {
    "spam": (
        r"\b(?:bitcoin|btc|crypto|forex|binary options?|nft drop|usdt)\b",
        r"\b(?:earn|make|made|earning|earned|profit|invest(?:ed|ing|ment)?)\b.{0,40}"
        r"\b(?:day|daily|week|weekly|month|hours?|home|online|trading|returns?|\d{3,})\b",
        r"\b(?:check|visit|see|look at|click|open)\b.{0,12}"
        r"\b(?:my|our) (?:page|profile|bio|channel|story|link|account)\b",
        r"\b(?:link in my bio|click (?:the|this) link|f4f|l4l|follow (?:for|4) follow|follow back"
        r"|follow me|free followers|buy followers|gain followers|sub4sub)\b",
        r"\b(?:onlyfans|sugar daddy|sugar baby|hot girls|lonely tonight|nudes?|escort)\b",
        r"\b(?:whats ?app|telegram|inbox|text|dm) (?:me|him|her|us|mr|mrs|on|now)\b.{0,40}\d{5,}",
        r"\b(?:send|dm) (?:it|this|pic|pics|your pic)? ?(?:to|on)? ?(?:our|the) (?:page"
        r"|feature)\b",
        r"\b(?:promote|collab) (?:it |this )?(?:on|with) \w+|\bdm (?:us )?for (?:collab|promo)",
        r"\b(?:won|winner|congratulations)\b.{0,40}\b(?:claim|prize|gift card|iphone|voucher)\b",
        r"\b(?:recover|hack)(?:ed|ing)? (?:my|your|any) (?:account|funds|wallet|instagram)\b",
        r"\b(?:spell caster|manifest(?:ing)? expert|herbal (?:doctor|cure)|dr \w+ cured)\b",
        r"\b(?:cheap (?:viagra|loans?)|payday loan|instant loan|loan offer|guaranteed loan)\b",
    ),
    "price_question": (
        r"\bhow much\b(?! (?:i|we|fun|love|you love|better|longer|time)\b)",
        r"\bwhat(?: is| s|s| are| would| will| does| do)?(?: the| your| it| this| that| these"
        r"| they)*"
        r" (?:price|prices|pricing|cost|costs|rate|rates|fee|fees)\b",
        r"^(?:the |any |your |pls |please |hi |hello )*(?:price|prices|pricing|cost|rates?"
        r"|quote|pp)"
        r"(?: (?:please|pls|plz|list|range|for this|of this|in \w+))*$",
        r"\b(?:price list|price range|price of|price for|cost of (?:this|the|one)|price"
        r" please)\b",
        r"\b(?:any|a|have|got|is there|student|military) (?:\w+ )?(?:discounts?|promo codes?"
        r"|coupons?|deals)\b",
        r"\b(?:do|does|will) (?:it|they|this|these|that) cost\b|\bhow expensive\b|\bis it"
        r" expensive\b",
        r"\b(?:is|are) (?:it|this|these|they|that) (?:free|on sale)\b",
        r"\b(?:cuanto|precio|combien|prix|wie viel|wieviel|was kostet|preis|quanto|preco"
        r"|prezzo)\b",
    ),
    "interested": (
        r"(?<!not )(?<!dis)\binterested\b",
        r"\b(?:tell me more|more info|more information|more details|send (?:me )?(?:info"
        r"|details|the link|link))\b",
        r"^(?:the |a |please |pls |hi )*(?:link|info|details|dm|dm me|pm|pm me|me|need|want)"
        r"(?: (?:please|pls|plz|sent|too|thanks))*$",
        r"\b(?:link (?:please|pls|plz)|send link|drop the link|share the link|wheres the link"
        r"|where is the link)\b",
        r"\b(?:where|how) (?:can|do|could|would|to) ?(?:i|we|you|one)? ?(?:to )?"
        r"(?:buy|get|order|purchase|find|join|sign up|book|register|subscribe|try|start)\b",
        r"\b(?:i|we) (?:really |so |just |definitely |totally )*(?:need|want|would love|d"
        r" love|id love|have to have|must have)"
        r" (?:this|these|one|it|to (?:buy|try|order|join|book|get|know more|visit))\b",
        r"^(?:need|want|gotta have|must have) (?:this|these|one|it)\b",
        r"\b(?:sign me up|count me in|im in|i am in|take my money|shut up and take|on my wish"
        r" ?list|adding to cart)\b",
        r"\b(?:is|are) (?:this|it|these|they|that) (?:still )?(?:available|in stock|sold out"
        r"|back)\b",
        r"\b(?:do|can|will|does) (?:you|it|they|u) (?:guys )?(?:ship|deliver|sell|have"
        r" (?:this|it|these) in|restock)\b",
        r"\b(?:when (?:is|will|does|can)|what time) .{0,30}(?:available|restock|back in stock"
        r"|launch|open|drop)\w*\b",
        r"\b(?:dm|pm|message|call|contact|email) me\b(?! (?:if you want to (?:earn|make)))",
        r"\b(?:ill|i will|we will|well|going to|gonna) (?:buy|order|take|get|try|book) (?:one"
        r"|it|this|two|some)\b",
        r"\b(?:me interesa|mas info|interessiert mich|interesse|ca m interesse|mi interessa"
        r"|tenho interesse)\b",
    ),
    "complaint": (
        r"\bwhere(?:s| is| are) (?:my|our) (?:\w+ )?(?:order|package|parcel|delivery|refund"
        r"|money|stuff|item)\b",
        r"\b(?:refund|money back|chargeback|charge back)\b",
        r"\b(?:never|not|hasnt|havent|didnt|did not|has not|still not) (?:\w+ )?(?:arrived"
        r"|arrive|came|received|receive|delivered|got my)\b",
        r"\b(?:still|been) waiting\b|\bwaiting (?:for )?(?:\w+ )?(?:days|weeks|months|ages"
        r"|forever)\b",
        r"\b(?:no|zero|without|any) (?:response|reply|answer|customer service|support)\b",
        r"\b(?:nobody|no one) (?:answers|replies|responds|answered|replied|picks up)\b",
        r"\b(?:arrived|came|is|was|are|were) (?:\w+ )?(?:broken|damaged|defective|late|faulty"
        r"|ripped|wrong|missing)\b",
        r"\b(?:stopped working|does not work|doesnt work|didnt work|fell apart|broke after"
        r"|not working)\b",
        r"\b(?:worst|terrible|horrible|awful|poor|bad) (?:\w+ )?(?:service|experience|quality"
        r"|company|product|support)\b",
        r"\b(?:scam|scammed|scammers|rip ?off|ripped off|fraud|false advertising|lawsuit"
        r"|report you)\b",
        r"\b(?:wrong|incorrect) (?:item|order|size|product|colou?r)\b",
        r"\b(?:overcharged|double charged|charged (?:me )?twice|cancel my order)\b",
    ),
}  # fmt: skip
_SIGNALS: Final = {
    label: tuple(re.compile(pattern) for pattern in patterns)
    for label, patterns in _PATTERNS.items()
}


@dataclass(frozen=True)
class CommentIntent:
    """What somebody wants.

    Attributes
    ----------
    label : one of `INTENTS`
    confidence : in [0, 1]
    feeling : of the comment, in [-1, 1]
    matched : words it was seen by
    """

    label: Intent
    confidence: float
    feeling: float
    matched: tuple[str, ...] = ()


def comment_intent(text: str) -> CommentIntent:
    """Tell what the writer of a comment wants.

    Looked for in this order: spam, a complaint in so many words, a question for the price,
    interest, then what the feeling says: complaint or praise.

    Parameters
    ----------
    text : the comment; all after 2,000 characters is left out

    Returns
    -------
    CommentIntent : 'other' where nothing fits
    """
    said = plain(text[:MAX_TEXT])
    feeling = feeling_of(text[:MAX_TEXT])
    spam = _matches("spam", said)
    if spam and (len(spam) > 1 or _LINK.search(text) or feeling.label != "negative"):
        return CommentIntent("spam", _confidence(len(spam) + 1), feeling.score, spam)
    wanted: tuple[Intent, ...] = ("complaint", "price_question", "interested")
    for label in wanted:
        found = _matches(label, said)
        if found and not (label == "complaint" and feeling.score > _PRAISE_FROM):
            return CommentIntent(label, _confidence(len(found)), feeling.score, found)
    felt = tuple(word for word, _ in feeling.matched)
    if feeling.score <= _COMPLAINT_TO:
        return CommentIntent("complaint", -feeling.score * 0.8, feeling.score, felt)
    if feeling.score >= _PRAISE_FROM:
        return CommentIntent("praise", feeling.score, feeling.score, felt)
    return CommentIntent("other", 1 - abs(feeling.score), feeling.score)


def _matches(label: Intent, said: str) -> tuple[str, ...]:
    found = (pattern.search(said) for pattern in _SIGNALS[label])
    return tuple(match[0] for match in found if match)


def _confidence(signals: int) -> float:
    return 1 - 0.25 / signals

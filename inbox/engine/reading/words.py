"""Words that tell something, looked for in a text as `plain` writes it: lower case, no signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inbox.engine.reading.shapes import ObjectionType


@dataclass(frozen=True)
class Sign:
    """Words that tell one thing.

    Attributes
    ----------
    name : for a person
    weight : how much it tells, in (0, 1]
    pattern : of the words
    """

    name: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Found:
    """A sign and the words it was seen by."""

    name: str
    weight: float
    words: str

    def __str__(self) -> str:
        return f"{self.name}: “{self.words}”"


def signs(table: Mapping[str, tuple[float, str]]) -> tuple[Sign, ...]:
    """Make signs of names, weights and alternatives of words.

    Parameters
    ----------
    table : by name, a weight and a regular expression without word limits
    """
    return tuple(
        Sign(name, weight, re.compile(rf"\b(?:{words})\b"))
        for name, (weight, words) in table.items()
    )


def seen(table: tuple[Sign, ...], said: str) -> tuple[Found, ...]:
    """Find the signs of a text, each by its first words.

    Parameters
    ----------
    table : signs to look for
    said : a text as `plain` writes it
    """
    found = ((sign, sign.pattern.search(said)) for sign in table)
    return tuple(Found(sign.name, sign.weight, match[0]) for sign, match in found if match)


BUYING: Final = signs(
    {
        "wants to buy": (
            0.6,
            r"(?:want|wants|like|love|going|ready|decided|happy|plan|planning|id love) to (?:buy"
            r"|order|purchase|sign up"
            r"|subscribe|upgrade|renew|book)|ill take (?:it|one|two|them)|sign (?:me|us) up"
            r"|count me in"
            r"|take my money|place an order|go ahead with|ready to (?:sign|start|buy|order|go)",
        ),
        "asks how to pay or order": (
            0.5,
            r"(?:where|how) (?:can|do|could|to) (?:i |we )?(?:pay|buy|order|sign up|get one"
            r"|purchase|upgrade)"
            r"|payment link|order form|send (?:me |us )?(?:the |a |an )?(?:contract|invoice"
            r"|quote|paperwork|offer)",
        ),
        "asks for a price or quote": (
            0.3,
            r"quote|pricing|price list|how much (?:is|are|does|do|would|for)|what does it cost"
            r"|price for",
        ),
        "asks for a demo or trial": (
            0.3, r"(?:book|see|get|have|want|schedule|need) (?:a |the )?(?:\w+ )?(?:demo|trial"
            r"|pilot)|free trial",
        ),
        "names a quantity": (0.25, r"\d+ (?:seats|users|licen[cs]es|units|pieces|people"
        "|employees|copies)"),
        "names a budget": (0.3, r"(?:have|got|with) a budget|budget (?:of|is|approved)|approved"
        " the (?:purchase|budget)"),
        "names a time": (
            0.2, r"(?:today|tomorrow|this week|next week|this evening|right now|as soon as"
            r" possible|by (?:monday"
            r"|tuesday|wednesday|thursday|friday|the end of))",
        ),
        "asks for a call": (0.25, r"(?:have|book|schedule|arrange) a (?:\w+ )?(?:call|meeting)"
        "|call me|give me a call"),
        "asks if it is available": (0.25, r"in stock|still available|can you deliver|reserve"
        " (?:one|it|two)"),
        "is interested": (0.35, r"(?<!not )(?<!no longer )(?<!longer )(?<!never )interested in"
        "|very interested|tell me more"),
    }
)  # fmt: skip
HURRY: Final = signs(
    {
        "urgent in so many words": (
            0.9, r"urgent|urgently|asap|as soon as possible|immediately|right away|emergency|at"
            r" once|straight away",
        ),
        "a deadline today or tomorrow": (
            0.6, r"(?:by|before|until|need (?:it|this|them)|solved|fixed) (?:\w+ )?(?:today"
            r"|tonight|tomorrow|noon|end of day)"
            r"|within (?:an|the|one|two|\d+) hours?|in an hour",
        ),
        "something does not run": (
            0.6, r"(?:is|are|been|went|site|website|server|system|app|everything|all)"
            r" (?:completely |all |still )?down"
            r"|cant (?:log ?in|access|get in|sign in|pay)|cannot (?:log ?in|access|get in|sign"
            r" in|pay)"
            r"|locked out|nothing works|data loss|lost (?:all )?(?:my|our) data|losing (?:sales"
            r"|money|customers)",
        ),
        "money taken wrongly": (
            0.5, r"charged (?:me |us )?(?:twice|again|double)|double charged|unauthori[sz]ed"
            r"|fraud|stolen|hacked|overcharged",
        ),
        "speaks of lawyers or authorities": (
            0.9, r"lawyer|attorney|sue|legal action|court|police|ombudsman|consumer protection"
            r"|chargeback|regulator",
        ),
        "a health or safety matter": (
            0.9, r"injur(?:y|ed|ies)|allerg(?:y|ic)|hospital|caught fire|burn(?:t|ed) (?:me|my)"
            r"|poison\w*|unsafe|dangerous",
        ),
    }
)  # fmt: skip
CALM: Final = signs(
    {
        "says there is no hurry": (
            0.9, r"no (?:rush|hurry)|not urgent|whenever you (?:can|have time)|take your time"
            r"|when you get a chance",
        ),
    }
)  # fmt: skip
SENSITIVE: Final = signs(
    {
        "money": (
            0.5, r"refund\w*|reimburse\w*|money back|chargeback|compensation|charged|overcharged"
            r"|overdue|debt|bankrupt\w*|discount",
        ),
        "law": (
            0.5, r"lawyer|attorney|legal(?:ly)?|sue|lawsuit|court|gdpr|data protection|privacy"
            r"|contract|liab\w+|terms"
            r" and conditions|copyright|police",
        ),
        "health": (
            0.5, r"injur\w+|allerg\w+|hospital|doctor|medical|medication|pregnan\w+|illness|sick"
            r"|disease|health|suicid\w*",
        ),
    }
)  # fmt: skip
LEAVING: Final = signs(
    {
        "wants to cancel": (
            0.6, r"(?:want|like|going|need|decided|plan|how|trying) to (?:cancel|terminate|close"
            r" (?:my|our))|cancell?(?:ing|ed)?"
            r" (?:my|our|the) (?:subscription|account|contract|plan|membership|licen[cs]e)|close"
            r" (?:my|our) account"
            r"|delete (?:my|our|the) (?:\w+ )?account|terminate (?:my|our|the) contract|not"
            r" (?:going to )?renew(?:ing)?",
        ),
        "looks at others": (
            0.45, r"switch(?:ing)? to|mov(?:e|ing) to (?:another|a different)|(?:another"
            r"|different) provider|competitors?"
            r"|look(?:ing)? (?:at|for) (?:an )?alternatives?|take (?:my|our) business elsewhere"
            r"|going elsewhere",
        ),
        "says it is the last time": (
            0.5, r"last time|never (?:again|buy|order|use|come back|coming back)|lost (?:me as"
            r" )?a customer|had enough"
            r"|fed up|done with (?:you|this)|wont (?:be back|buy|order|come back)|will not"
            r" (?:order|buy|come back)",
        ),
        "wants the money back": (0.35, r"refund|money back|reimburse\w*|chargeback"),
        "complains again": (0.3, r"(?:third|second|fourth|fifth|several|many|\d+) times?|again"
        " and again|once again|still (?:no|not|waiting)"),
        "speaks of being a customer for long": (0.1, r"(?:loyal|long ?time|been a) customer"
        "|customer (?:for|since)"),
    }
)  # fmt: skip
TROUBLE: Final = signs(
    {
        "something is broken": (
            0.5, r"broken?|broke|damaged|defective|faulty|crack(?:ed)?|crash(?:es|ed|ing)?|bugs?"
            r"|errors?|does(?:nt| not) work"
            r"|didnt work|not working|stopped working|fails?|failed|failure|in pieces|down",
        ),
        "something is missing or late": (
            0.5, r"missing|late|delayed?|(?:never|not|hasnt|havent|didnt|did not|has not) (?:yet"
            r" )?(?:arrived?|come|came|received?"
            r"|delivered)|still waiting|lost|where is my",
        ),
        "something is wrong": (
            0.4, r"wrong|incorrect|mistake|problems?|issues?|trouble|charged (?:me |us )?twice"
            r"|overcharged|cant|cannot|unable"
            r"|confus(?:ing|ed)|complicated|not applied|too (?:slow|small|large|long|loud)",
        ),
        "nobody answers": (
            0.4, r"(?:nobody|no ?one) (?:answers?|answered|replies|replied|called|responds)|no"
            r" (?:answer|reply|response)",
        ),
    }
)  # fmt: skip
ASKING: Final = re.compile(
    r"\b(?:can|could|would|will|may) (?:you|we|i|someone)\b|\bplease\b|\bi (?:need|want|would"
    r" like|d like)\b"
    r"|\bwe (?:need|want|would like)\b|\b(?:id|wed) like\b|\bhow (?:do|can|long|much|many"
    r"|soon)\b|\bsend (?:me|us)\b"
    r"|\bhelp (?:me|us)\b|\blet (?:me|us) know\b|\b(?:it would|would) be (?:great|nice|helpful"
    r"|cool) if\b"
)
OBJECTING: Final[dict[ObjectionType, tuple[Sign, ...]]] = {
    "price": signs(
        {
            "finds it too dear": (
                0.6, r"(?:too|very|so|really|quite|bit|far too|rather) (?:expensive|pricey"
                r"|costly|dear)|expensive|overpriced"
                r"|(?:cant|cannot|could not|couldnt) (?:afford|justify)|too much money|out of"
                r" (?:our|my) (?:budget|range)"
                r"|no budget|(?:not have|dont have|lack) the (?:budget|money)|price is (?:too"
                r" )?(?:high|far|above)|cheaper"
                r"|not for that price|worth the money|(?:monthly )?fee is|more than i wanted"
                r"|costs? too much|for less|half the price"
                r"|spend that much|(?:above|over|beyond|more than) (?:what )?(?:we|i) (?:can"
                r"|could|want|wanted to) (?:spend|pay|afford)|tight budget|budget (?:cut"
                r"|freeze)\w*",
            ),
        }
    ),
    "timing": signs(
        {
            "not now": (
                0.6, r"not (?:a good|the right|the best) time|not (?:right )?now|bad (?:time"
                r"|timing)|maybe later"
                r"|next (?:quarter|year|month|spring|summer|autumn|winter)"
                r"|in (?:a few|six|three|two|\d+) months|too busy|no time|after the (?:holidays"
                r"|summer|launch|audit)|not ready"
                r"|other priorities|not at the moment|at the moment|come back to you|call me"
                r" again|try me again|later this year"
                r"|think about it|cant decide now|mid(?:dle of a)? ?re\w*organi[sz]ation",
            ),
        }
    ),
    "competitor": signs(
        {
            "has or prefers another": (
                0.6, r"competitors?|already (?:use|using|have|work with|working with)|happy with"
                r" (?:our|my|what|the|it)"
                r"|current (?:provider|supplier|vendor|tool|solution)|another (?:provider|vendor"
                r"|supplier|company|tool)"
                r"|other (?:shops|vendors|providers|tools) (?:sell|offer|have|are)|under"
                r" contract with|stay with (?:what|our|my)"
                r"|(?:hubspot|salesforce|mailchimp|zendesk|intercom|klaviyo|marketo|pipedrive"
                r"|zoho)",
            ),
        }
    ),
    "need": signs(
        {
            "sees no need": (
                0.55, r"(?:dont|do not|doesnt|wouldnt|would not|no) (?:really |actually"
                r" )?(?:need|see (?:the|what|why|any)|use for)"
                r"|no (?:need|use|interest)|not interested|too small for|does (?:the|our) job"
                r"|good enough|not sure (?:this|it|what)"
                r"|bring us anything|wont work for us|does(?:nt| not) (?:integrate|fit)|not"
                r" (?:relevant|for us|what we)"
                r"|happy without|managing fine|work around",
            ),
        }
    ),
    "authority": signs(
        {
            "others decide": (
                0.65, r"(?:my|our|the) (?:boss|manager|board|director|ceo|cfo|husband|wife"
                r"|partner|purchasing|procurement|it"
                r" department|team|head office)(?: \w+)? (?:has|have|decides?|would|needs?|must"
                r"|wants?|thinks?|approves?)"
                r"|not my (?:decision|call)|(?:discuss|talk|speak|check|clear|run)(?: \w+)*"
                r" (?:with|to|by|past) my (?:boss"
                r"|manager|team|husband|wife|partner|colleagues|director)|need approval|have to"
                r" approve|sign ?off|the decision maker"
                r"|purchasing department|get approval",
            ),
        }
    ),
    "trust": signs(
        {
            "doubts": (
                0.6, r"(?:dont|do not|cant|cannot|hard to) (?:really )?(?:trust|believe)|never"
                r" heard of|too good to be true"
                r"|scam|burned|proof|prove|references|reviews|case stud(?:y|ies)|guarantees?|how"
                r" do i know|worried|bad experience"
                r"|not convinced|sceptical|skeptical|doubt|hesitate|safe|secure|security|what"
                r" happens to (?:our|my|the)",
            ),
        }
    ),
    "other": signs(
        {
            "other concerns": (
                0.4, r"too (?:complicated|complex|difficult|long|much work|hard)|locked in|lock"
                r" in|contract terms|deal ?breaker"
                r"|not interested|no thanks?|decided (?:not|against|to stay)|not ready to commit"
                r"|effort|migrat\w+|move all our data",
            ),
        }
    ),
}  # fmt: skip
TOPICS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(rf"\b(?:{words})\b")
    for name, words in {
        "price": r"prices?|pricing|costs?|expensive|cheap\w*|quote|budget|fees?|rates?"
        r"|discounts?|coupons?|offers?",
        "billing": r"invoices?|bills?|billing|charged?|charges|payments?|pay|paid|credit card"
        r"|card|subscription|tax|vat",
        "refund": r"refunds?|refunded|money back|reimburse\w*|return(?:s|ed)?|send(?:ing)? (?:it"
        r" )?back|exchange",
        "delivery": r"deliver(?:y|ed|s|ies)?|shipping|ship(?:s|ped|ment)?|parcel|packages?"
        r"|courier|driver|arrived?|tracking|eta",
        "order": r"orders?|ordered|purchase[sd]?|basket|checkout|reservation|booking",
        "account": r"accounts?|log ?in|password|sign(?:ed)? (?:in|up)|profile|registration"
        r"|users?|access",
        "product quality": r"broken?|broke|damaged|defective|faulty|qualit(?:y|ies)|crack(?:ed)?"
        r"|stopped working|battery|size|material",
        "features": r"features?|reports?|export|import|api|integrat\w+|dark mode|shortcuts?"
        r"|search|filters?|settings?|version|update",
        "outage": r"down|outage|crash(?:es|ed|ing)?|offline|unavailable|nothing works|slow|errors?",
        "support": r"support|customer (?:service|care)|help ?desk|agents?|call(?:ed)? (?:me"
        r" )?back|nobody answers|no (?:reply|response)|staff",
        "contract": r"contracts?|cancel\w*|renew\w*|terminat\w+|licen[cs]es?|agreement|upgrade"
        r"|plans?",
        "demo and trial": r"demos?|trial|pilot|onboard\w*|webinar|workshop|call tomorrow|meeting",
        "privacy and law": r"privacy|gdpr|personal data|our data|my data|lawyer|legal|consent"
        r"|data protection|security",
        "newsletter": r"newsletters?|unsubscribe\w*|mailing list|e ?mails?|texts|messages"
        r"|promotions",
        "opening hours": r"opening hours|open|closed?|parking|address|location|store|shop",
    }.items()
}  # fmt: skip

"""Texts that a workspace begins with: drafts to be made one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Declared = dict[str, object]


@dataclass(frozen=True)
class Starter:
    """A text to begin with.

    Attributes
    ----------
    name, channel, category : of the template
    subject, preheader, text, body, markup : what it says
    variables : as JSON declares them
    """

    name: str
    channel: str
    category: str
    text: str = ""
    subject: str = ""
    preheader: str = ""
    body: str = ""
    markup: str = "none"
    variables: tuple[Declared, ...] = ()


def _variable(name: str, kind: str, sample: object, *, required: bool = True) -> Declared:
    return {"name": name, "type": kind, "sample": sample, "required": required}


_FOOT: Final = """
    <mj-section padding="24px 0 0">
      <mj-column>
        <mj-divider border-width="1px" border-color="#d4d4d8"></mj-divider>
        <mj-text font-size="12px" color="#52525b">
          {{ sender_name }}, {{ postal_address }}<br>
          You get this mail because you agreed to it.
          <a href="{{ unsubscribe_url }}">Unsubscribe</a> or
          <a href="{{ preferences_url }}">choose what you get</a>.
        </mj-text>
      </mj-column>
    </mj-section>"""
_SERVICE_FOOT: Final = """
    <mj-section padding="24px 0 0">
      <mj-column>
        <mj-text font-size="12px" color="#52525b">{{ sender_name }}, {{ postal_address }}</mj-text>
      </mj-column>
    </mj-section>"""


def _page(main: str, foot: str = _FOOT) -> str:
    return f"""<mjml lang="en">
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif"></mj-all>
      <mj-text font-size="16px" line-height="1.5" color="#18181b"></mj-text>
      <mj-button background-color="#1d4ed8" color="#ffffff" border-radius="6px"></mj-button>
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f4f5">
    <mj-section background-color="#ffffff" padding="24px">
      <mj-column>
{main}
      </mj-column>
    </mj-section>{foot}
  </mj-body>
</mjml>
"""


def _text(words: str) -> str:
    return f"        <mj-text>{words}</mj-text>"


def _button(address: str, words: str) -> str:
    return f'        <mj-button href="{{{{ {address} }}}}">{words}</mj-button>'


def page_of(paragraphs: Sequence[str], *, is_marketing: bool = True) -> str:
    """Put paragraphs into the frame of the starters, with its foot.

    Parameters
    ----------
    paragraphs : in HTML, blanks as `{{ name }}`
    is_marketing : whether the foot leads to unsubscribing

    Returns
    -------
    a page in MJML
    """
    return _page("\n".join(map(_text, paragraphs)), _FOOT if is_marketing else _SERVICE_FOOT)


_HELLO: Final = _text("Hello {{ first_name | default('there') }},")

_ENDS_ON: Final = _variable("ends_on", "date", "2026-12-31")
_ARRIVES_ON: Final = _variable("arrives_on", "date", "2026-12-31")
_ORDER_NUMBER: Final = _variable("order_number", "text", "10482")
_TRACKING_URL: Final = _variable("tracking_url", "url", "https://example.com/parcel/10482")
_OFFER_URL: Final = _variable("offer_url", "url", "https://example.com/sale")
STARTERS: Final = (
    Starter(
        name="Newsletter", channel="email", category="marketing", markup="mjml",
        subject="{{ topic }}: what is new this month",
        preheader="Three short reads, picked for you.",
        body=_page("\n".join((
            _HELLO, _text("{{ opening }}"),
            """        <mj-text>
          {% for story in stories %}
          <h2 style="font-size:18px;margin:16px 0 4px">
            <a href="{{ story.url }}">{{ story.title }}</a>
          </h2>
          <p style="margin:0">{{ story.summary }}</p>
          {% endfor %}
        </mj-text>""",
        ))),
        variables=(
            _variable("topic", "text", "Running"),
            _variable("opening", "text", "Spring is here, and so are new trails."),
            _variable("stories", "list", [
                {"title": "Five trails near you", "summary": "All under two hours.",
                 "url": "https://example.com/trails"},
                {"title": "How to choose a shoe", "summary": "In three questions.",
                 "url": "https://example.com/shoes"},
            ]),
        ),
    ),
    Starter(
        name="Promotion", channel="email", category="marketing", markup="mjml",
        subject="{{ first_name | default('Hello') }}, {{ offer }} until {{ ends_on | date }}",
        preheader="For subscribers first.",
        body=_page("\n".join((
            _HELLO, _text("until {{ ends_on | date('long') }} you get <strong>{{ offer }}</strong>."
                          " Use the code <strong>{{ code }}</strong> when you pay."),
            _button("offer_url", "See what is reduced"),
        ))),
        variables=(
            _variable("offer", "text", "20 % off everything"),
            _variable("code", "text", "SPRING20"),
            _ENDS_ON,
            _OFFER_URL,
        ),
    ),
    Starter(
        name="Follow-up", channel="email", category="marketing", markup="mjml",
        subject="Still thinking about {{ product }}?",
        preheader="What others asked before they bought.",
        body=_page("\n".join((
            _HELLO,
            _text("you looked at {{ product }}. It costs {{ price | money }}, delivery included,"
                  " and you can send it back within 30 days."),
            _button("product_url", "Look at it again"),
            _text("A question? Just reply to this mail; a person reads it."),
        ))),
        variables=(
            _variable("product", "text", "the Trail 3 shoe"),
            _variable("price", "money", {"amount": "119.90", "currency": "EUR"}),
            _variable("product_url", "url", "https://example.com/trail-3"),
        ),
    ),
    Starter(
        name="Reactivation", channel="email", category="marketing", markup="mjml",
        subject="Shall we keep in touch, {{ first_name | default('friend') }}?",
        preheader="One click says yes; without it we go quiet.",
        body=_page("\n".join((
            _HELLO,
            _text("you have not opened our mails for a while. If you would like to go on getting"
                  " them, say so; otherwise we stop."),
            _button("preferences_url", "Keep me on the list"),
        ))),
    ),
    Starter(
        name="Order on its way", channel="email", category="service", markup="mjml",
        subject="Your order {{ order_number }} is on its way",
        preheader="It arrives on {{ arrives_on | date }}.",
        body=_page("\n".join((
            _HELLO,
            _text("your order {{ order_number }} for {{ total | money }} left our house. It should"
                  " be with you on {{ arrives_on | date('long') }}."),
            """        <mj-text>
          <ul>
            {% for item in items %}<li>{{ item.count | number }} × {{ item.title }}</li>{% endfor %}
          </ul>
        </mj-text>""",
            _button("tracking_url", "Follow the parcel"),
        )), _SERVICE_FOOT),
        variables=(
            _ORDER_NUMBER,
            _variable("total", "money", {"amount": "119.90", "currency": "EUR"}),
            _ARRIVES_ON,
            _variable("items", "list", [{"count": 1, "title": "Trail 3, size 42"}]),
            _TRACKING_URL,
        ),
    ),
    Starter(
        name="SMS offer", channel="sms", category="marketing",
        text="{{ sender_name }}: {{ offer }} until {{ ends_on | date }}. {{ offer_url }}"
             " Reply STOP to end",
        variables=(
            _variable("offer", "text", "20% off everything"),
            _ENDS_ON,
            _OFFER_URL,
        ),
    ),
    Starter(
        name="WhatsApp order update", channel="whatsapp", category="utility",
        text="Hello {{ first_name | default('there') }}, your order {{ order_number }} is on its"
             " way and arrives on {{ arrives_on | date }}. Follow it here: {{ tracking_url }}",
        variables=(
            _ORDER_NUMBER,
            _ARRIVES_ON,
            _TRACKING_URL,
        ),
    ),
    Starter(
        name="Instagram reply", channel="instagram", category="service",
        text="Hi{% if first_name %} {{ first_name }}{% endif %}, thanks for asking!"
             " {{ answer }} Here is more: {{ link }}",
        variables=(
            _variable("answer", "text", "It comes in four sizes and ships within two days."),
            _variable("link", "url", "https://example.com/trail-3"),
        ),
    ),
    Starter(
        name="Facebook reply", channel="facebook", category="service",
        text="Hello{% if first_name %} {{ first_name }}{% endif %}, thank you for your message."
             " {{ answer }} You find all of it here: {{ link }}",
        variables=(
            _variable("answer", "text", "We are open from 9 to 18 on working days."),
            _variable("link", "url", "https://example.com/hours"),
        ),
    ),
)  # fmt: skip

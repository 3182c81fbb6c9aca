"""Texts of the demo, in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from outreach.models import ChannelTemplate
from outreach.services.texts.writing import activate_text, create_text
from workspaces.gate import Proposer
from workspaces.models import Workspace

_FOOT: Final = """
    <mj-section>
      <mj-column>
        <mj-divider border-width="1px" border-color="#d4d4d8"></mj-divider>
        <mj-text font-size="12px" color="#52525b">
          {{ sender_name }}, {{ postal_address }}<br>
          You get this mail because you asked for it in our form.
          <a href="{{ unsubscribe_url }}">Unsubscribe</a> or
          <a href="{{ preferences_url }}">choose what you get</a>.
        </mj-text>
      </mj-column>
    </mj-section>"""


def _mail(
    name: str, subject: str, preheader: str, words: str, link: tuple[str, str]
) -> dict[str, str]:
    address, label = link
    body = f"""<mjml lang="en">
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif"></mj-all>
      <mj-text font-size="16px" line-height="1.5" color="#18181b"></mj-text>
      <mj-button background-color="#1d4ed8" color="#ffffff" border-radius="6px"></mj-button>
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f4f5">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text>Hello {{{{ first_name | default('there') }}}},</mj-text>
        <mj-text>{words}</mj-text>
        <mj-button href="{address}">{label}</mj-button>
      </mj-column>
    </mj-section>{_FOOT}
  </mj-body>
</mjml>
"""
    return {
        "name": name, "channel": "email", "category": "marketing", "subject": subject,
        "preheader": preheader, "markup": "mjml", "body": body,
    }  # fmt: skip


_SITE: Final = "https://ptd-fitness.example"
NEWS, REMINDER, AFTER, BOOKED, WINTER, ANSWER = (
    "November news", "Open day reminder", "After the open day", "Book your assessment",
    "Winter programme", "Answer to a question",
)  # fmt: skip
_MAILS: Final = (
    _mail(
        NEWS, "Three lifts worth your November", "Ten minutes to read, twelve weeks to use.",
        "November is for the basics: squat, hinge and carry. Our coaches wrote down what they"
        " would train if they had three hours a week.",
        (f"{_SITE}/november", "Read the plan"),
    ),
    _mail(
        AFTER, "It was good to see you", "What we talked about, in one page.",
        "thank you for coming to the open day. Here is the page with all exercises that we"
        " showed.",
        (f"{_SITE}/open-day", "See the exercises"),
    ),
    _mail(
        BOOKED, "Your free assessment", "Forty minutes with a coach, no strings.",
        "a coach looks at how you move and writes a plan for you. It is free and takes forty"
        " minutes.",
        (f"{_SITE}/book", "Choose a time"),
    ),
    _mail(
        WINTER, "Your winter programme is ready", "Twelve weeks, three hours a week.",
        "twelve weeks from December on, with a coach who answers within a day. Places are the"
        " same as last year: eighty.",
        (f"{_SITE}/winter", "See the programme"),
    ),
)  # fmt: skip
_SHORT: Final = (
    {
        "name": REMINDER, "channel": "sms", "category": "marketing",
        "text": "{{ sender_name }}: our open day is tomorrow at 10, coffee included. See you"
        " there? Reply STOP to end",
    },
    *(
        {
            "name": ANSWER, "channel": channel, "category": "service",
            "text": "Hello {{ first_name }}, thank you for your question. The first assessment is"
            f" free; you can choose a time here: {_SITE}/book",
        }
        for channel in ("facebook", "instagram", "linkedin")
    ),
)  # fmt: skip
Texts = Mapping[tuple[str, str], ChannelTemplate]


def fill_texts(*, workspace: Workspace, by: Proposer, now: datetime) -> Texts:
    """Write the texts and put them into use; by name and channel."""
    found = {}
    for values in (*_MAILS, *_SHORT):
        text = create_text(workspace=workspace, values=values, by=by, now=now)
        activate_text(template=text, version=None, by=by, now=now)
        found[text.name, text.channel] = text
    return found

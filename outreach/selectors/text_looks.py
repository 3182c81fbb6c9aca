"""How a text looks to one recipient, or with its samples, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from outreach.engine.lint import Finding, Message, lint
from outreach.engine.rendering import (
    SYSTEM,
    Problem,
    Rendered,
    Source,
    TemplateError,
    Variable,
    compile_template,
    render,
    safe_preview,
    variables_of,
)
from outreach.engine.sms_text import MAX_TEXT, SmsSize, sms_size
from outreach.message_values import OF_CONTACT
from outreach.models import (
    ChannelTemplate,
    Contact,
    Markup,
    MessageChannel,
    OutreachPolicy,
    TemplateCategory,
    TemplateVersion,
)
from outreach.selectors.laws import outreach_policy_of
from workspaces.models import Workspace

#: Parts of a text, as columns of a version and as callers name them.
PARTS: Final = ("subject", "preheader", "text", "body", "markup", "variables")


@dataclass(frozen=True)
class Draft:
    """A text as it is being written; `variables` is what JSON says of them."""

    channel: str
    category: str = TemplateCategory.MARKETING
    subject: str = ""
    preheader: str = ""
    text: str = ""
    body: str = ""
    markup: str = Markup.NONE
    variables: Any = field(default_factory=list)

    @classmethod
    def of(cls, template: ChannelTemplate, version: TemplateVersion | None) -> Draft:
        """A version as it was saved; an empty text where there is none."""
        parts = {name: getattr(version, name) for name in PARTS} if version else {}
        return cls(template.channel, template.category, **parts)

    @property
    def source(self) -> Source:
        """What the language of texts reads; a body only where there is a page."""
        has_page = self.channel == MessageChannel.EMAIL and self.markup != Markup.NONE
        is_mail = self.channel == MessageChannel.EMAIL
        return Source(
            subject=self.subject if is_mail else "",
            preheader=self.preheader if is_mail else "",
            text=self.text,
            body=self.body if has_page else "",
            markup=self.markup if has_page else "none",  # type: ignore[arg-type]  # same words
        )


@dataclass(frozen=True)
class Look:
    """What a recipient would see; nothing is rendered where there are problems."""

    rendered: Rendered | None = None
    page: str = ""
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    sms: SmsSize | None = None
    from_samples: tuple[str, ...] = ()

    @property
    def errors(self) -> list[str]:
        """What keeps the text from being used, in sentences."""
        found = [f"{one.place}: {one.advice}" for one in self.findings if one.severity == "error"]
        return [*map(str, self.problems), *found]


def look_at(
    draft: Draft,
    *,
    workspace: Workspace,
    contact: Contact | None = None,
    policy: OutreachPolicy | None = None,
    addresses: Mapping[str, str] | None = None,
) -> Look:
    """Write a text for a contact, or with its samples, and look it over.

    A blank that the contact has nothing for shows its sample, and is named: a campaign may fill it.
    ``policy`` is that of the workspace, where it is known already; ``addresses`` stand in for the
    sample ones to leave or choose by.
    """
    try:
        declared = known_variables(draft.variables)
        compiled = compile_template(draft.source, declared)
        values, from_samples = _values(declared, policy or outreach_policy_of(workspace), contact)
        values |= addresses or {}
        rendered = render(compiled, values, locale=contact.locale if contact else "")
    except TemplateError as error:
        return Look(problems=error.problems)
    is_sms = draft.channel == MessageChannel.SMS and len(rendered.text) <= MAX_TEXT
    return Look(
        rendered=rendered,
        page=safe_preview(rendered.html) if rendered.html else "",
        findings=tuple(lint(_message(draft, rendered, values))),
        sms=sms_size(rendered.text) if is_sms else None,
        from_samples=tuple(one for one in from_samples if one in compiled.used) if contact else (),
    )


def known_variables(document: Any) -> tuple[Variable, ...]:
    """Variables that a text may use without the system's: its own, and those of every contact.

    Raises
    ------
    TemplateError : what is declared cannot be used
    """
    declared = variables_of(document)
    own = {one.name for one in declared}
    return (*declared, *(one for one in OF_CONTACT if one.name not in own))


def _message(draft: Draft, rendered: Rendered, values: Mapping[str, Any]) -> Message:
    return Message(
        channel=draft.channel,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        is_marketing=draft.category == TemplateCategory.MARKETING,
        postal_address=str(values["postal_address"] or ""),
        unsubscribe_url=str(values["unsubscribe_url"]),
    )


def _values(
    declared: Iterable[Variable], policy: OutreachPolicy, contact: Contact | None
) -> tuple[dict[str, Any], list[str]]:
    """Values by name, and the names that stand on their samples."""
    values: dict[str, Any] = {one.name: one.sample for one in SYSTEM}
    values |= {"sender_name": policy.workspace.name, "postal_address": policy.postal_address}
    own = _of_contact(contact) if contact else {}
    from_samples = []
    for one in declared:
        has_own = own.get(one.name) not in (None, "")
        is_empty_name = contact is not None and one in OF_CONTACT
        values[one.name] = own.get(one.name) if has_own or is_empty_name else one.sample
        if not has_own and not is_empty_name:
            from_samples.append(one.name)
    return values, from_samples


def _of_contact(contact: Contact) -> dict[str, Any]:
    return {
        **contact.attributes,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "name": contact.name,
        "country": contact.country,
    }

"""Words from the workspace's language model: subjects to choose from, a draft to go on with.

What a model writes is checked like every text and is a version that is not in use: a person puts it
into use, or does not. It is told what the text says with its blanks, never what anybody's say.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from django.core.cache import cache
from django.core.exceptions import ValidationError

from outreach.engine.lint import LIMITS
from outreach.engine.starter_texts import page_of
from outreach.models import ChannelTemplate, Markup, MessageChannel, TemplateVersion
from outreach.selectors.text_looks import PARTS, Draft, known_variables, look_at
from outreach.services.texts.writing import TextRefusedError, save_version
from workspaces.cache import take_tokens
from workspaces.crypto import SecretUnreadableError
from workspaces.gate import NotAllowedError, Proposer
from workspaces.llm import installation_endpoint, model_connection
from workspaces.models import ConnectionStatus, Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.llm import Question
from workspaces.roles import Role
from workspaces.services.model_asking import NoModelError, Said, ask_model
from workspaces.services.permissions import require

if TYPE_CHECKING:  # pydantic loads late
    from outreach.engine.written import Subjects, Words

logger = logging.getLogger(__name__)

Kind = Literal["subjects", "draft"]
KINDS: Final = ("subjects", "draft")
LONGEST_BRIEF: Final = 500
#: Questions that a workspace may ask in an hour, all its members together.
MOST_AN_HOUR: Final = 30
#: Two answers of a model, and the way there.
GIVEN_UP_AFTER_S: Final = 120
_KEPT_S: Final = 3600
_SENT: Final = 6_000
_PERSONAL: Final = re.compile(r"[^\s@]+@[^\s@]+\.\w|\+?\d[\d\s()/-]{7,}\d")


@dataclass(frozen=True)
class Asking:
    """A question to the model about a text, and what came of it; kept for an hour."""

    kind: str
    state: Literal["asked", "done", "failed"]
    at: str
    words: str = ""
    subjects: tuple[str, ...] = ()
    version: int = 0

    def is_waiting(self, now: datetime) -> bool:
        """Whether an answer may still come."""
        waited = (now - datetime.fromisoformat(self.at)).total_seconds()
        return self.state == "asked" and waited < GIVEN_UP_AFTER_S


def has_model(*, workspace: Workspace) -> bool:
    """Whether there is a model that can be asked."""
    connection = model_connection(workspace)
    if connection is not None:
        return connection.status == ConnectionStatus.ACTIVE
    try:
        return installation_endpoint() is not None
    except PlatformError:
        return False


def asking_of(template: ChannelTemplate) -> Asking | None:
    """What was asked about a text last, and how far it is."""
    kept = cache.get(_key(template))
    return Asking(**{**kept, "subjects": tuple(kept["subjects"])}) if kept else None


def begin_asking(
    *, template: ChannelTemplate, kind: str, brief: str, by: Proposer, now: datetime
) -> Asking:
    """Note that the model is to be asked; the caller sends the task that does it.

    Raises
    ------
    NotAllowedError : the person is no operator
    TextRefusedError : there is no model, it is being asked, or it was asked enough
    ValidationError : names what is wrong with the question
    """
    require(
        Role.OPERATOR, by=by, workspace=template.workspace, now=now, what="To have texts written"
    )
    _refuse_wrong(template, kind, brief)
    if not has_model(workspace=template.workspace):
        raise TextRefusedError("No language model is connected, or it is switched off.")
    before = asking_of(template)
    if before is not None and before.is_waiting(now):
        raise TextRefusedError("It is being written already; wait for that.")
    own = f"outreach:written:{template.workspace.pk}"
    granted, wait_s = take_tokens(own, rate=MOST_AN_HOUR / 3600, burst=MOST_AN_HOUR, wanted=1)
    if not granted:
        raise TextRefusedError(f"The model was asked enough for now; again in {wait_s:.0f} s.")
    return _keep(template, Asking(kind, "asked", now.isoformat()))


def ask_for_words(
    *, template: ChannelTemplate, kind: str, brief: str, by: Proposer, now: datetime
) -> Asking:
    """Ask the model, check what it says, and keep it: a draft as the text's next version.

    Whatever goes wrong is told in the result. Not to be called in a transaction: it goes over the
    network.
    """
    asking = Asking(kind, "failed", now.isoformat())
    newest = template.versions.order_by("-number").first() or TemplateVersion()
    try:
        require(
            Role.OPERATOR,
            by=by,
            workspace=template.workspace,
            now=now,
            what="To have texts written",
        )
        if kind == "subjects":
            told = ask_model(
                workspace=template.workspace, now=now,
                question=_subjects_question(template, newest, brief),
            )  # fmt: skip
            asking = replace(
                asking, state="done", subjects=tuple(told.answer.subjects),
                words=f"{told.model} suggests:",
            )  # fmt: skip
        else:
            asking = _kept_draft(template, newest, brief, by, now, asking)
    except (NoModelError, PlatformError, SecretUnreadableError, TextRefusedError) as error:
        asking = replace(asking, words=str(error))
    except NotAllowedError as error:
        asking = replace(asking, words=str(error))
    except ValidationError as error:
        asking = replace(asking, words=" ".join(error.messages))
    return _keep(template, asking)


def _refuse_wrong(template: ChannelTemplate, kind: str, brief: str) -> None:
    if kind not in KINDS:
        raise ValidationError({"kind": f"Choose among {', '.join(KINDS)}."})
    if kind == "subjects" and template.channel != MessageChannel.EMAIL:
        raise ValidationError({"kind": "Only mails have a subject."})
    if len(brief) > LONGEST_BRIEF or "\x00" in brief:
        raise ValidationError({"brief": f"Use at most {LONGEST_BRIEF} characters."})
    if _PERSONAL.search(brief):
        raise ValidationError({"brief": "Leave out addresses and numbers: they go to the model."})
    if kind == "draft" and not brief.strip():
        raise ValidationError({"brief": "Say in a sentence what the message is to say."})
    if kind == "subjects" and not template.versions.exists():
        raise ValidationError({"kind": "Write the message first; subjects are found for it."})


def _data(template: ChannelTemplate, newest: TemplateVersion, brief: str) -> str:
    """What the model is told: names of blanks, and none of what stands in them."""
    blanks = known_variables(newest.variables)
    return json.dumps(
        {
            "channel": template.channel,
            "category": template.category,
            "limit": LIMITS.get(template.channel, 4_000),
            "brief": brief.strip(),
            "subject": newest.subject,
            "text": (newest.text or newest.body)[:_SENT],
            "blanks": [{"name": one.name, "type": one.type} for one in blanks],
        },
        ensure_ascii=False,
    )  # fmt: skip


def _subjects_question(
    template: ChannelTemplate, newest: TemplateVersion, brief: str
) -> Question[Subjects]:
    from outreach.engine.written import ASK_SUBJECTS, Subjects, repeated

    def problems_of(answer: Subjects) -> list[str]:
        found = repeated(answer.subjects, newest.subject)
        for subject in answer.subjects:
            values = _parts(newest) | {"subject": subject}
            found += [f"{subject!r}: {one}" for one in _faults(template, values, part="subject")]
        return found

    return Question(ASK_SUBJECTS, _data(template, newest, brief), Subjects, problems_of)


def _kept_draft(
    template: ChannelTemplate,
    newest: TemplateVersion,
    brief: str,
    by: Proposer,
    now: datetime,
    asking: Asking,
) -> Asking:
    from outreach.engine.written import ASK_DRAFT, Words

    def problems_of(answer: Words) -> list[str]:
        return _faults(template, _values(template, newest, answer))

    question = Question(ASK_DRAFT, _data(template, newest, brief), Words, problems_of)
    told: Said[Words] = ask_model(workspace=template.workspace, question=question, now=now)
    saved = save_version(
        template=template, values=_values(template, newest, told.answer), now=now,
        by=replace(by, label=f"{told.model} for {by.label}"), based_on=newest.number or 0,
    )  # fmt: skip
    words = f"{told.model} wrote version {saved.number}. It is not in use: read it first."
    return replace(asking, state="done", version=saved.number, words=words)


def _parts(newest: TemplateVersion) -> dict[str, Any]:
    return {name: getattr(newest, name) for name in PARTS}


def _values(template: ChannelTemplate, newest: TemplateVersion, answer: Words) -> dict[str, Any]:
    """A mail gets our frame and foot, for a page of a model's own is nothing to rely on."""
    if template.channel != MessageChannel.EMAIL:
        return _parts(newest) | {"text": "\n\n".join(answer.paragraphs)}
    body = page_of(
        [html.escape(one, quote=False) for one in answer.paragraphs],
        is_marketing=template.category == "marketing",
    )
    return _parts(newest) | {
        "subject": answer.subject, "preheader": answer.preheader, "text": "", "body": body,
        "markup": Markup.MJML,
    }  # fmt: skip


def _faults(template: ChannelTemplate, values: Mapping[str, Any], part: str = "") -> list[str]:
    """What is wrong with an answer: what cannot be written, what is an error, and spam."""
    look = look_at(
        Draft(template.channel, template.category, **values), workspace=template.workspace
    )
    found = [str(one) for one in look.problems if part in ("", one.part)]
    for one in look.findings:
        is_asked = part == "" or one.place.startswith(part)
        # That the workspace has no postal address is no fault of the words.
        if is_asked and one.severity != "hint" and one.rule != "postal-address":
            found.append(f"{one.place}: {one.advice}")
    return found


def _key(template: ChannelTemplate) -> str:
    return f"text-asking:{template.pk}"


def _keep(template: ChannelTemplate, asking: Asking) -> Asking:
    cache.set(_key(template), asdict(asking), _KEPT_S)
    return asking

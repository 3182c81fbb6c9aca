"""Practices that the workspace's language model knows of: hypotheses, like all that is told us."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils.text import slugify

from campaigns.selectors.channels import channels_of
from experiments.engine.practices.known import Known
from experiments.engine.practices.traits import in_words
from experiments.models import BestPractice, PracticeSource
from experiments.services.practices.keeping import keep_practice
from workspaces.crypto import SecretUnreadableError
from workspaces.models import Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.llm import Question
from workspaces.services.model_asking import NoModelError, ask_model

if TYPE_CHECKING:  # pydantic loads late
    from experiments.engine.practices.answer import Answer

logger = logging.getLogger(__name__)

#: A workspace has enough to test with so many open hypotheses of a model.
_ENOUGH: Final = 20


def ask_for_practices(*, workspace: Workspace, now: datetime) -> int:
    """Ask the model once; how many practices are new. None without a model, and none if it fails.

    Not to be called in a transaction: it goes over the network.
    """
    rows = BestPractice.objects.filter(workspace=workspace)
    if rows.filter(source=PracticeSource.LLM_KNOWLEDGE).count() >= _ENOUGH:
        return 0
    question = _question(workspace, [f"{row.title}: {in_words(row.rule)}" for row in rows.all()])
    try:
        said = ask_model(workspace=workspace, question=question, now=now)
    except NoModelError:
        return 0
    except (PlatformError, SecretUnreadableError) as error:
        logger.warning("practices_not_asked", extra={"why": str(error), "workspace": workspace.pk})
        return 0
    before = rows.count()
    for one in said.answer.practices:
        keep_practice(
            workspace=workspace, known=_known(one), source=PracticeSource.LLM_KNOWLEDGE, now=now,
            source_label=said.model[:300],
        )  # fmt: skip
    return rows.count() - before


def _question(workspace: Workspace, known: list[str]) -> Question[Answer]:
    from experiments.engine.practices.answer import INSTRUCTIONS, Answer, problems_of

    channels = [key for key, _ in channels_of(workspace)]
    return Question(
        instructions=INSTRUCTIONS,
        data=json.dumps({"channels": channels, "known": known}, ensure_ascii=False),
        shape=Answer,
        check=lambda answer: problems_of(answer, channels),
    )


def _known(one: Any) -> Known:
    key = slugify(one.title)[:40].strip("-_") or "practice"
    rule = {name: [list(pair) for pair in ranges] for name, ranges in one.rule.items()}
    return Known(
        key=key, category=one.category, practice_type=next(iter(rule)), title=one.title,
        recommendation=one.recommendation, rule=rule, channel=one.channel,
    )  # fmt: skip

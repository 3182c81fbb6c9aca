"""Practices that the workspace's language model knows of: hypotheses, like all that is told us."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.text import slugify

from campaigns.selectors.channels import channels_of
from experiments.engine.practices.known import Known
from experiments.engine.practices.traits import in_words
from experiments.models import BestPractice, PracticeSource
from experiments.services.practices.keeping import keep_practice
from workspaces.crypto import SecretUnreadableError
from workspaces.llm import endpoint_of, installation_endpoint, model_connection
from workspaces.models import ConnectionStatus, Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.llm import Endpoint, Question, ask

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
    try:
        endpoint = _endpoint(workspace)
        if endpoint is None:
            return 0
        said = _ask(workspace, endpoint, [f"{row.title}: {in_words(row.rule)}" for row in rows])
    except (PlatformError, SecretUnreadableError) as error:
        logger.warning("practices_not_asked", extra={"why": str(error), "workspace": workspace.pk})
        return 0
    before = rows.count()
    for one in said:
        keep_practice(
            workspace=workspace, known=one, source=PracticeSource.LLM_KNOWLEDGE, now=now,
            source_label=endpoint.model[:300],
        )  # fmt: skip
    return rows.count() - before


def _endpoint(workspace: Workspace) -> Endpoint | None:
    connection = model_connection(workspace)
    if connection is None:
        return installation_endpoint()
    return endpoint_of(connection) if connection.status == ConnectionStatus.ACTIVE else None


def _ask(workspace: Workspace, endpoint: Endpoint, known: list[str]) -> list[Known]:
    from experiments.engine.practices.answer import INSTRUCTIONS, Answer, problems_of

    channels = [key for key, _ in channels_of(workspace)]
    question = Question(
        instructions=INSTRUCTIONS,
        data=json.dumps({"channels": channels, "known": known}, ensure_ascii=False),
        shape=Answer,
        check=lambda answer: problems_of(answer, channels),
    )
    answer = ask(endpoint, question, timeout_s=settings.LLM_TIMEOUT_S)
    return [_known(one) for one in answer.practices]


def _known(one: Any) -> Known:
    key = slugify(one.title)[:40].strip("-_") or "practice"
    rule = {name: [list(pair) for pair in ranges] for name, ranges in one.rule.items()}
    return Known(
        key=key, category=one.category, practice_type=next(iter(rule)), title=one.title,
        recommendation=one.recommendation, rule=rule, channel=one.channel,
    )  # fmt: skip

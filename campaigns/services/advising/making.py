"""A recommendation is made: by the workspace's language model, or by rules that say why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from campaigns.engine.advice.checking import check_answer
from campaigns.engine.advice.evidence import Evidence
from campaigns.engine.advice.prompt import INSTRUCTIONS, prompt_of
from campaigns.engine.advice.rules import advise
from campaigns.models import Recommendation
from campaigns.selectors.advice import advice_evidence
from workspaces.crypto import SecretUnreadableError
from workspaces.llm import endpoint_of, installation_endpoint, model_connection
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.llm import Endpoint, Question, ask
from workspaces.services.connections import record_use
from workspaces.services.jobs import Progress

ADVICE_JOB: Final = "recommendations"
NO_MODEL: Final = "No language model is connected, so the rules wrote this."


@dataclass(frozen=True)
class _Written:
    document: dict[str, Any]
    model_name: str = ""
    why_rules: str = ""


def advise_workspace(progress: Progress) -> None:
    """Make a recommendation for the workspace of a run; without spend there is none."""
    made = make_recommendation(workspace=progress.workspace, now=progress.now)
    if made is None:
        progress.step("Nothing was spent in the last 30 days, so there is nothing to recommend")
        return
    progress.count(recommendations=1, by_rules=int(made.is_fallback))


def make_recommendation(*, workspace: Workspace, now: datetime) -> Recommendation | None:
    """Ask the workspace's language model, or the rules when there is none or it fails.

    Whatever is stored has passed the checks of shape, numbers and channels; one that rules wrote
    says why. Not to be called in a transaction: a model is asked over the network.

    Returns
    -------
    the recommendation, ``None`` when nothing was spent
    """
    evidence = advice_evidence(workspace=workspace, now=now)
    if evidence is None:
        return None
    written = _written(workspace, evidence, now)
    made = Recommendation.objects.create(
        workspace=workspace,
        recommendations=written.document,
        evidence=evidence.as_json(),
        evidence_ids=list(check_answer(written.document, evidence).cited),
        model_name=written.model_name,
        fallback_reason=written.why_rules,
        created_at=now,
    )
    made.refresh_from_db()  # what the database takes out of the document
    return made


def _written(workspace: Workspace, evidence: Evidence, now: datetime) -> _Written:
    connection = model_connection(workspace)
    if connection is not None and connection.status != ConnectionStatus.ACTIVE:
        state = connection.get_status_display().lower()
        return _by_rules(
            evidence, f"The connection {connection.name} is not in use ({state}); rules wrote this."
        )
    try:
        endpoint = endpoint_of(connection) if connection else installation_endpoint()
        if endpoint is None:
            return _by_rules(evidence, NO_MODEL)
        written = _by_model(endpoint, evidence)
    except (PlatformError, SecretUnreadableError) as error:
        _keep_use(connection, now, error)
        return _by_rules(evidence, f"{error} The rules wrote this instead.")
    _keep_use(connection, now)
    return written


def _keep_use(connection: Connection | None, now: datetime, error: Exception | None = None) -> None:
    if connection is None:
        return
    is_auth = isinstance(error, PlatformError) and error.kind == ErrorKind.AUTH
    record_use(
        connection=connection, now=now, error=str(error) if error else "", needs_login=is_auth
    )


def _by_rules(evidence: Evidence, why: str) -> _Written:
    from campaigns.engine.advice.answer import validated

    return _Written(validated(advise(evidence)), why_rules=why)


def _by_model(endpoint: Endpoint, evidence: Evidence) -> _Written:
    from campaigns.engine.advice.answer import Answer

    question = Question(
        instructions=INSTRUCTIONS,
        data=prompt_of(evidence),
        shape=Answer,
        check=lambda answer: check_answer(answer.model_dump(), evidence).problems,
    )
    answer = ask(endpoint, question, timeout_s=settings.LLM_TIMEOUT_S)
    return _Written(answer.model_dump(), model_name=endpoint.model[:200])

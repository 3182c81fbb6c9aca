"""A recommendation is made: by the workspace's language model, or by rules that say why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from campaigns.engine.advice.checking import check_answer
from campaigns.engine.advice.evidence import Evidence
from campaigns.engine.advice.prompt import INSTRUCTIONS, prompt_of
from campaigns.engine.advice.rules import advise
from campaigns.models import Recommendation
from campaigns.selectors.advice import advice_evidence
from workspaces.crypto import SecretUnreadableError
from workspaces.models import Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.llm import Question
from workspaces.services.jobs import Progress
from workspaces.services.model_asking import NoModelError, ask_model

ADVICE_JOB: Final = "recommendations"


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
    from campaigns.engine.advice.answer import Answer

    question = Question(
        instructions=INSTRUCTIONS,
        data=prompt_of(evidence),
        shape=Answer,
        check=lambda answer: check_answer(answer.model_dump(), evidence).problems,
    )
    try:
        said = ask_model(workspace=workspace, question=question, now=now)
    except NoModelError as error:
        return _by_rules(evidence, f"{error}, so the rules wrote this.")
    except (PlatformError, SecretUnreadableError) as error:
        return _by_rules(evidence, f"{error} The rules wrote this instead.")
    return _Written(said.answer.model_dump(), model_name=said.model[:200])


def _by_rules(evidence: Evidence, why: str) -> _Written:
    from campaigns.engine.advice.answer import validated

    return _Written(validated(advise(evidence)), why_rules=why)

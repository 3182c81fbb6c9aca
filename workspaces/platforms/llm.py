"""A language model behind an OpenAI-compatible or Anthropic address: asked for one checked answer.

pydantic-ai and its SDKs cost seconds to import, so they are imported where a model is asked, which
only workers do. Nothing that a provider answers with an error is repeated: it may hold the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import quote

from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_base_url,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import rows, text

if TYPE_CHECKING:
    import httpx2
    from pydantic import BaseModel
    from pydantic_ai import models

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
BASE_URLS: Final = {OPENAI: "https://api.openai.com/v1", ANTHROPIC: "https://api.anthropic.com"}
WIRES: Final = tuple(BASE_URLS)
ANTHROPIC_VERSION: Final = "2023-06-01"
TEMPERATURE: Final = 0.2
TIMEOUT_S: Final = 30.0
# Tries that one answer costs at most: a refused answer is asked for once more, and so is a call
# that a fault of the provider ended, within the time of that answer.
ANSWER_RETRIES: Final = 1
CALL_RETRIES: Final = 1
MAX_TOKENS: Final = 4_000
MAX_BYTES: Final = 4 * 1024 * 1024
_TEST_TIMEOUT_S: Final = 10.0

T = TypeVar("T", bound="BaseModel")
Check = Callable[[T], Sequence[str]]


@dataclass(frozen=True)
class Endpoint:
    """Where a model is, and which; ``base_url`` empty is the provider's own address.

    ``is_ours``: the operator of the installation named it, so it may lie in his own network.
    """

    wire: str
    model: str
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    allow_loopback: bool = False
    is_ours: bool = False

    @property
    def address(self) -> str:
        """Address that may be called.

        Raises
        ------
        PlatformError : the key must not travel there
        """
        base_url = self.base_url or BASE_URLS[self.wire]
        if self.is_ours:
            return base_url.rstrip("/")
        return checked_base_url(base_url, allow_loopback=self.allow_loopback)


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked: fixed instructions, data, the shape of the answer and what is wrong with one.

    ``check`` returns sentences; an answer with any is refused, and the model told why, once.
    """

    instructions: str
    data: str
    shape: type[T]
    check: Check[T]


def ask(endpoint: Endpoint, question: Question[T], *, timeout_s: float = TIMEOUT_S) -> T:
    """Return an answer of the wanted shape that passed its check.

    Each answer has ``timeout_s``, its repetitions included; a refused one is asked for once more.

    Raises
    ------
    PlatformError : no such answer came; the message says why and may be shown
    """
    from pydantic_ai.exceptions import AgentRunError

    problems: list[str] = []
    try:
        # A loop of its own: a worker has none, and nothing of one call outlives it.
        return asyncio.run(_answer(endpoint, question, timeout_s, problems))
    except AgentRunError as error:
        # Said in words of ours: a provider's may hold the key, or the names that were sent.
        raise _refusal(endpoint, error, problems, timeout_s) from None


async def _answer(
    endpoint: Endpoint, question: Question[T], timeout_s: float, problems: list[str]
) -> T:
    from pydantic_ai import Agent, ModelRetry, ModelSettings

    settings = ModelSettings(
        temperature=TEMPERATURE,
        max_tokens=MAX_TOKENS,
        timeout=timeout_s,
        request_timeout=timeout_s,
        max_retries=CALL_RETRIES,
    )

    def checked(answer: T) -> T:
        problems[:] = question.check(answer)
        if problems:
            raise ModelRetry(" ".join(problems))
        return answer

    async with _http_client() as http:
        agent: Agent[object, Any] = Agent(
            _model_of(endpoint, http),
            output_type=question.shape,
            instructions=question.instructions,
            model_settings=settings,
            retries={"tools": 0, "output": ANSWER_RETRIES},
        )
        agent.output_validator(checked)
        answer: T = (await agent.run(question.data)).output
        return answer


def _model_of(endpoint: Endpoint, http: httpx2.AsyncClient) -> models.Model:
    if endpoint.wire == ANTHROPIC:
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        key = checked_secret(endpoint.api_key, "API key")
        anthropic = AnthropicProvider(api_key=key, base_url=endpoint.address, http_client=http)
        return AnthropicModel(endpoint.model, provider=anthropic)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    # A server of one's own may want no key, the SDK always does.
    key = checked_secret(endpoint.api_key or "none", "API key")
    compatible = OpenAICompatibleProvider(
        "llm", base_url=endpoint.address, api_key=key, http_client=http
    )
    return OpenAIChatModel(endpoint.model, provider=compatible)


def _http_client() -> httpx2.AsyncClient:
    """Client that follows no redirect, asks no proxy of the host and reads no endless answer."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._stream:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise httpx2.ReadError("answer is too large")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    class Transport(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            if isinstance(response.stream, httpx2.AsyncByteStream):
                response.stream = Bounded(response.stream)
            return response

    return httpx2.AsyncClient(
        follow_redirects=False, trust_env=False, transport=Transport(trust_env=False)
    )


def _refusal(
    endpoint: Endpoint, error: Exception, problems: Sequence[str], timeout_s: float
) -> PlatformError:
    from pydantic_ai import exceptions as known

    name = endpoint.model
    if isinstance(error, known.ModelRequestTimeout | known.ModelTimeoutError):
        return PlatformError(ErrorKind.TRANSIENT, f"{name} did not answer within {timeout_s:g} s.")
    if isinstance(error, known.ModelAuthenticationError):
        return PlatformError(ErrorKind.AUTH, f"{name} refused the API key; enter a new one.")
    if isinstance(error, known.ModelNotFoundError):
        return PlatformError(ErrorKind.GONE, f"There is no model {name} at that address.")
    if isinstance(error, known.ModelRateLimitError | known.ModelQuotaExceededError):
        return PlatformError(ErrorKind.THROTTLED, f"{name} takes no more calls for now.")
    if isinstance(error, known.ModelHTTPError):
        return PlatformError(
            ErrorKind.TRANSIENT, f"{name} answered with an error ({error.status_code})."
        )
    if isinstance(error, known.ModelConnectionError):
        return PlatformError(ErrorKind.TRANSIENT, f"{name} could not be reached.")
    if problems:
        return PlatformError(
            ErrorKind.INVALID, f"{name} gave an answer that was refused: {' '.join(problems)}"
        )
    return PlatformError(ErrorKind.INVALID, f"{name} gave no answer of the required form.")


def find_model(endpoint: Endpoint) -> str:
    """Look for the model at its address without asking it anything; what was found, in words.

    Raises
    ------
    PlatformError : refused address or key, or no such model
    """
    is_anthropic = endpoint.wire == ANTHROPIC
    client = PlatformClient(
        base_url=endpoint.address,
        auth=_auth_of(endpoint),
        dialect=Dialect("The address", lambda _headers: Usage(), _error_of),
        allow_loopback=endpoint.allow_loopback,
    )
    path = f"/v1/models/{quote(endpoint.model, safe='')}" if is_anthropic else "/models"
    try:
        fields = client.send(Call("GET", path, timeout_s=_TEST_TIMEOUT_S)).fields
    finally:
        client.close()
    if is_anthropic:
        return f"{endpoint.model} is there."
    names = [text(row.get("id")) for row in rows(fields.get("data"))]
    if endpoint.model not in names:
        shown = ", ".join(sorted(names)[:5]) or "none"
        raise PlatformError(
            ErrorKind.INVALID, f"There is no model {endpoint.model!r}; there are: {shown}."
        )
    return f"{endpoint.model} is there."


def _auth_of(endpoint: Endpoint) -> FixedHeaders:
    """Headers as the SDKs send them: a bearer in both wires."""
    is_anthropic = endpoint.wire == ANTHROPIC
    headers = {"anthropic-version": ANTHROPIC_VERSION} if is_anthropic else {}
    if not endpoint.api_key and not is_anthropic:
        return FixedHeaders(headers, ())
    key = checked_secret(endpoint.api_key, "API key")
    return FixedHeaders({**headers, "Authorization": f"Bearer {key}"}, (key,))


def _error_of(answer: Answer) -> PlatformError | None:
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return PlatformError(ErrorKind.AUTH, "The API key was refused; enter a new one.")
    if answer.status == HTTPStatus.NOT_FOUND:
        return PlatformError(
            ErrorKind.GONE, "There is no such model, or no such interface at this address."
        )
    return None

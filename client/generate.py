"""Write the typed part of the client from the OpenAPI document.

``python manage.py spectacular --format openapi-json | python client/generate.py`` (``make client``)
reads the document from standard input and writes ``countersign_client/api/``. What it writes
depends on nothing else, so a test can tell whether it is of today.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]
HERE: Final = Path(__file__).parent / "countersign_client" / "api"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PLAIN: Final = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None",
}  # fmt: skip
_HEAD: Final = """\
\"\"\"{what}

Written by client/generate.py from the OpenAPI document; change that, not this.
\"\"\"

from __future__ import annotations
"""
_REF: Final = "#/components/schemas/"
_WIDTH: Final = 96


@dataclass(frozen=True)
class Parameter:
    """A value in the path or the query; ``name`` is as Python may call it."""

    name: str
    wire: str
    type: str


@dataclass(frozen=True)
class Operation:
    """One operation, ready to be written."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    told: str
    in_path: list[Parameter]
    in_query: list[Parameter]
    body: str
    is_body_needed: bool
    is_form: bool
    is_repeatable: bool
    answer: str


def files_of(document: Json) -> dict[str, str]:
    """Texts of all files, by name."""
    operations = list(_operations(document))
    tags = sorted({one.tag for one in operations})
    by_tag = {tag: [one for one in operations if one.tag == tag] for tag in tags}
    return {
        "types.py": _types(document),
        "operations.json": _table(document, operations),
        "__init__.py": _HEAD.format(what="Operations by topic, and the shapes of what they take."),
        "sync.py": _class_file(by_tag, is_async=False),
        "asynchronous.py": _class_file(by_tag, is_async=True),
    }


def _operations(document: Json) -> Iterator[Operation]:
    for path, methods in sorted(document["paths"].items()):
        for method in _METHODS:
            if method in methods:
                yield _operation(path, method, methods[method])


def _operation(path: str, method: str, told: Json) -> Operation:
    given = told.get("parameters", [])
    content = told.get("requestBody", {}).get("content", {})
    is_form = bool(content) and "application/json" not in content
    form = next(iter(content.values()), {}) if is_form else content.get("application/json", {})
    return Operation(
        id=told["operationId"],
        tag=told["tags"][0],
        method=method.upper(),
        path=path.removeprefix("/api/"),
        summary=told.get("summary", ""),
        told=told.get("description", ""),
        in_path=[_parameter(one) for one in given if one["in"] == "path"],
        in_query=[_parameter(one) for one in given if one["in"] == "query"],
        body=_type(form["schema"]) if "schema" in form else "",
        is_body_needed=bool(told.get("requestBody", {}).get("required")),
        is_form=is_form,
        is_repeatable=any(one["name"] == "Idempotency-Key" for one in given),
        answer=_answer(told["responses"]),
    )


def _parameter(told: Json) -> Parameter:
    return Parameter(_identifier(told["name"]), told["name"], _type(told.get("schema", {})))


def _identifier(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in {"self", "body"} else plain


def _answer(responses: Json) -> str:
    for status in sorted(responses):
        if not status.startswith("2"):
            continue
        content = responses[status].get("content", {})
        if "application/json" in content:
            return _type(content["application/json"].get("schema", {}))
        if content:
            return "bytes"
    return "None"


def _type(schema: Json) -> str:
    """Type of a schema as Python writes it."""
    if "$ref" in schema:
        return f"types.{schema['$ref'].removeprefix(_REF)}"
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return _union(_type(one) for one in schema[several])
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return _type(schema["allOf"][0])
    if "enum" in schema:
        return _literal(schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    if kind == "object":
        more = schema.get("additionalProperties")
        inner = _type(more) if isinstance(more, dict) and more else "Any"
        return f"dict[str, {inner}]"
    return _PLAIN.get(str(kind), "Any")


def _union(parts: Iterator[str]) -> str:
    once = list(dict.fromkeys(parts))
    if "Any" in once:
        return "Any"
    return " | ".join(sorted(once, key=lambda one: one == "None"))


def _literal(values: list[Any]) -> str:
    told = [value for value in values if value is not None]
    text = f"Literal[{', '.join(map(_quoted, told))}]" if told else ""
    return " | ".join([part for part in (text, "None" if None in values else "") if part])


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _types(document: Json) -> str:
    parts = [
        _HEAD.format(what="Shapes of what goes in and comes out, as JSON carries them."),
        "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n",
    ]
    shapes = sorted(document["components"]["schemas"].items())
    # Names are known to those that come after them: choices first.
    shapes.sort(key=lambda one: "properties" in one[1] or "$ref" in json.dumps(one[1]))
    parts += [_shape(name, schema) for name, schema in shapes]
    return "\n".join(parts)


def _shape(name: str, schema: Json) -> str:
    if "properties" not in schema:
        return f"\n{name}: TypeAlias = {_local(_type(schema))}\n"
    needed = set(schema.get("required", ()))
    fields = {
        key: _local(_type(one)) if key in needed else f"NotRequired[{_local(_type(one))}]"
        for key, one in schema["properties"].items()
    }
    if all(key.isidentifier() and not keyword.iskeyword(key) for key in fields):
        lines = [f"class {name}(TypedDict):", f'    """{_first_line(schema, name)}"""', ""]
        lines += [f"    {key}: {kind}" for key, kind in fields.items()]
        return "\n" + "\n".join(lines) + "\n"
    inside = "\n".join(f"        {key!r}: {kind!r}," for key, kind in fields.items())
    return f'\n{name} = TypedDict(\n    "{name}",\n    {{\n{inside}\n    }},\n)\n'


def _local(kind: str) -> str:
    return kind.replace("types.", "")


def _first_line(schema: Json, name: str) -> str:
    line = str(schema.get("description", "")).strip().split("\n")[0] or f"{name}."
    return line.replace("\\", "").replace('"', "'")[: _WIDTH - 10]


def _class_file(by_tag: dict[str, list[Operation]], *, is_async: bool) -> str:
    kind = "that are awaited" if is_async else "that wait for their answer"
    parts = [
        _HEAD.format(what=f"Operations {kind}, by topic."),
        "from collections.abc import Awaitable, Callable\n"
        "from typing import Any, Literal, cast\n\n"
        "from countersign_client.api import types\n"
        "from countersign_client.calls import Call\n\n"
        f"Send = Callable[[Call], {'Awaitable[Any]' if is_async else 'Any'}]\n",
    ]
    if not is_async:
        parts[1] = parts[1].replace("import Awaitable, Callable", "import Callable")
    parts += [_class(tag, some, is_async=is_async) for tag, some in by_tag.items()]
    names = "\n".join(f"        self.{_space(tag)} = {_class_name(tag)}(send)" for tag in by_tag)
    parts.append(
        f'\nclass Topics:\n    """All topics."""\n\n'
        f"    def __init__(self, send: Send) -> None:\n{names}\n"
    )
    return "\n".join(parts)


def _space(tag: str) -> str:
    return re.sub(r"\W+", "_", tag.lower()).strip("_")


def _class_name(tag: str) -> str:
    return "".join(part.title() for part in _space(tag).split("_")) + "Operations"


def _class(tag: str, operations: list[Operation], *, is_async: bool) -> str:
    lines = [
        f"\nclass {_class_name(tag)}:",
        f'    """{tag}."""',
        "",
        "    def __init__(self, send: Send) -> None:",
        "        self._send = send",
    ]
    for one in operations:
        lines += ["", *_method(one, is_async=is_async)]
    return "\n".join(lines) + "\n"


def _method(one: Operation, *, is_async: bool) -> Iterator[str]:
    """One line each: what is written here is read by tools."""
    taken = ["self", *(f"{each.name}: {each.type}" for each in one.in_path)]
    if one.body and one.is_body_needed:
        taken.append(f"body: {one.body}")
    if options := list(_options(one)):
        taken += ["*", *options]
    yield (f"    {'async ' if is_async else ''}def {one.id}({', '.join(taken)}) -> {one.answer}:")
    summary = one.summary.rstrip(".").replace('"', "'")
    yield f'        """{summary}."""'
    sent = f"{'await ' if is_async else ''}self._send(Call({', '.join(_call(one))}))"
    if one.answer == "None":
        yield f"        {sent}"
    else:
        yield f"        return cast({json.dumps(one.answer)}, {sent})"


def _options(one: Operation) -> Iterator[str]:
    if one.body and not one.is_body_needed:
        yield f"body: {one.body} | None = None"
    for each in one.in_query:
        yield f"{each.name}: {each.type} | None = None"
    if one.is_repeatable:
        yield "idempotency_key: str | None = None"


def _call(one: Operation) -> Iterator[str]:
    yield f'"{one.id}"'
    for name, parts in (("path", one.in_path), ("query", one.in_query)):
        if parts:
            told = ", ".join(f'"{each.wire}": {each.name}' for each in parts)
            yield f"{name}={{{told}}}"
    if one.body:
        yield "body=body"
    if one.is_repeatable:
        yield "idempotency_key=idempotency_key"


def _table(document: Json, operations: list[Operation]) -> str:
    """What tools and mocks need of each operation, with JSON schemas that stand alone."""
    told = {
        (path.removeprefix("/api/"), method.upper()): one
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }
    shapes = document["components"]["schemas"]
    rows = [_row(one, told[(one.path, one.method)], shapes) for one in operations]
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _row(one: Operation, told: Json, shapes: Json) -> Json:
    properties: Json = {}
    needed = [each.wire for each in one.in_path]
    for given in told.get("parameters", []):
        if given["in"] in {"path", "query"}:
            about = {"description": given["description"]} if given.get("description") else {}
            properties[given["name"]] = {**given.get("schema", {}), **about}
    content = told.get("requestBody", {}).get("content", {})
    used: set[str] = set()
    if "application/json" in content and "schema" in content["application/json"]:
        properties["body"] = _standing_alone(content["application/json"]["schema"], used)
        if one.is_body_needed:
            needed.append("body")
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        schema["required"] = needed
    if used:
        schema["$defs"] = _definitions(used, shapes)
    scope = re.search(r"Needs the scope `([a-z:]+)`", one.told)
    return {
        "id": one.id, "tag": one.tag, "method": one.method, "path": one.path,
        "summary": one.summary, "description": one.told, "scope": scope[1] if scope else "",
        "input": schema, "path_names": [each.wire for each in one.in_path],
        "query_names": [each.wire for each in one.in_query],
        "is_repeatable": one.is_repeatable, "is_form": one.is_form,
        "is_binary": one.answer == "bytes", "callers": told.get("x-callers", []),
    }  # fmt: skip


def _standing_alone(schema: Any, used: set[str]) -> Any:
    """A schema whose references lead into its own ``$defs``."""
    if isinstance(schema, list):
        return [_standing_alone(one, used) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        used.add(name)
        return {**schema, "$ref": f"#/$defs/{name}"}
    return {key: _standing_alone(one, used) for key, one in schema.items()}


def _definitions(used: set[str], shapes: Json) -> Json:
    found: Json = {}
    waiting = set(used)
    while waiting:
        name = waiting.pop()
        more: set[str] = set()
        found[name] = _standing_alone(shapes[name], more)
        waiting |= more - found.keys()
    return found


def main() -> None:
    """Read the document, write the files."""
    HERE.mkdir(exist_ok=True)
    for name, text in files_of(json.load(sys.stdin)).items():
        (HERE / name).write_text(text)


if __name__ == "__main__":
    main()

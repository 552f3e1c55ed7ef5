"""The page `/docs`: the OpenAPI document, rendered here, so that it reads well on a network without the internet.

One page of plain HTML: no script, and its one style sheet inside, allowed by its hash.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

Node = dict[str, Any]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { padding: .75rem; overflow-x: auto; border: 1px solid #8886; border-radius: 6px; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886; }
details { margin: .4rem 0; padding: .4rem .75rem; border: 1px solid #8886; border-radius: 6px; }
summary { cursor: pointer; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8883; }
.method { display: inline-block; min-width: 4rem; font-weight: 700; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def render(document: Node) -> str:
    """Give the page that shows an OpenAPI document."""
    info = document["info"]
    operations = [
        (operation.get("tags", ["other"])[0], method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    tags = list(dict.fromkeys(tag for tag, *_ in operations))
    operations.sort(key=lambda each: tags.index(each[0]))
    sections = "".join(
        f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>'
        + "".join(_operation(*each[1:], document) for each in group)
        + "</section>"
        for tag, group in groupby(operations, key=lambda each: each[0])
    )
    contents = " · ".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in tags)
    schemas = "".join(
        _schema_section(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    title = f"{escape(info['title'])} API {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1>{_text(info.get('description', ''))}"
        f'<p>The same for machines: <a href="/openapi.json">/openapi.json</a></p><nav>{contents} · '
        f'<a href="#schemas">schemas</a></nav>{sections}'
        f'<section id="schemas"><h2>schemas</h2>{schemas}</section></body></html>'
    )


def _operation(method: str, path: str, operation: Node, document: Node) -> str:
    parts = [_text(operation.get("description", ""))]
    if parameters := operation.get("parameters"):
        parts.append(f"<h4>Parameters</h4>{_parameters(parameters)}")
    if body := operation.get("requestBody"):
        parts.append(f"<h4>Body</h4>{_content(body['content'], document)}")
    parts.append(f"<h4>Answers</h4>{_answers(operation['responses'])}")
    heading = (
        f'<span class="method">{method}</span> <code>{escape(path)}</code> — {escape(operation.get("summary", ""))}'
    )
    return f'<details id="{escape(operation["operationId"])}"><summary>{heading}</summary>{"".join(parts)}</details>'


def _parameters(parameters: list[Node]) -> str:
    rows = [
        (
            f"<code>{escape(each['name'])}</code>",
            escape(each["in"]) + (", needed" if each.get("required") else ""),
            _type(each["schema"]),
            _inline(each.get("description", each["schema"].get("description", ""))),
        )
        for each in parameters
    ]
    return _table(("name", "where", "type", "meaning"), rows)


def _content(content: Node, document: Node) -> str:
    rows = [(f"<code>{escape(kind)}</code>", _type(each.get("schema", {}))) for kind, each in content.items()]
    examples = [example for each in content.values() for example in _examples(each.get("schema", {}), document)]
    shown = "".join(f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>" for example in examples)
    return _table(("type", "schema"), rows) + shown


def _answers(responses: Node) -> str:
    rows = []
    for status, response in sorted(responses.items()):
        kinds = ", ".join(_type(each.get("schema", {})) for each in response.get("content", {}).values())
        rows.append((escape(status), _inline(response["description"]), kinds))
    return _table(("status", "meaning", "schema"), rows)


def _schema_section(name: str, schema: Node) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(field)}</code>",
            _type(part) + (", needed" if field in required else ""),
            _inline(part.get("description", "")),
        )
        for field, part in schema.get("properties", {}).items()
    ]
    body = _table(("field", "type", "meaning"), rows) if rows else _type(schema)
    heading = f"<summary><code>{escape(name)}</code></summary>"
    return f'<details id="schema-{escape(name)}">{heading}{_text(schema.get("description", ""))}{body}</details>'


def _type(schema: Node) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(each) for each in schema[several])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    kind = escape(str(schema.get("type", "any")))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    detail = schema.get("format") or schema.get("contentMediaType")
    return f"{kind} ({escape(detail)})" if detail else kind


def _examples(schema: Node, document: Node) -> list[Any]:
    resolved = _resolve(schema, document)
    examples: list[Any] = resolved.get("examples", [])
    return examples


def _resolve(node: Node, document: Node) -> Node:
    if "$ref" not in node:
        return node
    found: Node = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _text(text: str) -> str:
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{_inline(part)}</p>" for part in paragraphs)


def _inline(text: str) -> str:
    # Only `code` is marked up, which is all that the descriptions use; every second part lies between backticks.
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _anchor(tag: str) -> str:
    return "tag-" + "".join(sign if sign.isalnum() else "-" for sign in tag)

"""The rule for change: within a version only optional fields are added. A new value of an enum is a new version.

So a consumer written for any release of a version reads the events of every other release of it.
"""

from collections.abc import Iterator

from deploy.contract.schemas import Schema

_WORDS_ONLY = ("title", "description", "default", "examples", "$schema", "$id", "$defs", "required")
_INNER = ("items", "additionalProperties", "propertyNames")


def breaks(old: Schema, new: Schema) -> list[str]:
    """Say what of a version's new schema breaks somebody who knows the old one; nothing where the change is allowed."""
    return list(_Comparison(old, new).of(old, new, "the event"))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new

    def of(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        yield from self._fields(old, new, place)
        for word in sorted({*old, *new} - {"properties", "anyOf", *_WORDS_ONLY, *_INNER}):
            if _unordered(old.get(word)) != _unordered(new.get(word)):
                yield f"{place}: {word} was {old.get(word)}, is {new.get(word)}"
        choices = old.get("anyOf", ()), new.get("anyOf", ())
        if len(choices[0]) != len(choices[1]):
            yield f"{place}: may be something else than before"
        else:
            for before, after in zip(*choices, strict=True):
                yield from self.of(before, after, place)
        for word in _INNER:
            before, after = old.get(word), new.get(word)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.of(before, after, f"{place}, {word}")
            elif before != after:
                yield f"{place}: {word} was {before}, is {after}"

    def _fields(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name in after:
                yield from self.of(before[name], after[name], name)
            else:
                yield f"{place}: {name} is gone"
        for name in sorted(after.keys() - before.keys()):
            if name in new.get("required", ()):
                yield f"{place}: {name} is new and required: earlier events lack it"
        for name in sorted(before.keys() & after.keys()):
            if (name in old.get("required", ())) != (name in new.get("required", ())):
                yield f"{place}: {name} is required in only one of the two"


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _unordered(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else value

"""What request and answer bodies have in common."""

from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError


class BodyIn(BaseModel):
    """A body that a request brings: a field that isn't known is an error, because it is most often a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


In = TypeVar("In", bound=BodyIn)


def changed(present: In, change: BodyIn) -> In:
    """Put what a PATCH names over what is: fields that it doesn't name stay. The whole has to be sound again.

    Raises:
        RequestValidationError: it wouldn't be.
    """
    values = _over(present.model_dump(mode="json"), change.model_dump(mode="json", exclude_unset=True))
    try:
        return type(present).model_validate(values)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def _over(present: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    both = {name: (present[name], value) for name, value in change.items() if name in present}
    inner = {
        name: _over(before, after)
        for name, (before, after) in both.items()
        if isinstance(before, dict) and isinstance(after, dict)
    }
    return present | change | inner


class BodyOut(BaseModel):
    """A body that an answer gives: later versions may add fields.

    Where it shows a value of the domain field by field, `model_validate(value)` makes it.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

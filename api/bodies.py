"""What request and answer bodies have in common."""

from pydantic import BaseModel, ConfigDict


class BodyIn(BaseModel):
    """A body that a request brings: a field that isn't known is an error, because it is most often a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BodyOut(BaseModel):
    """A body that an answer gives: later versions may add fields.

    Where it shows a value of the domain field by field, `model_validate(value)` makes it.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

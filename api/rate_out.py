"""How a rate is shown: always with what it is a share of."""

from typing import Literal, Self

from pydantic import Field

from api.bodies import BodyOut
from attendance.reports import Counting, Rate, Treatment

Purpose = Literal["overview", "sanction"]


class RateOut(BodyOut):
    """A rate with what it is a share of."""

    value: float | None = Field(description="0 to 1; null where the denominator is 0")
    numerator: float = Field(description="present + late, unless the school's settings say otherwise")
    denominator: int = Field(description="present + late + absent, unless the school's settings say otherwise")

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """Show a rate."""
        value = rate.value
        return cls(
            value=None if value is None else round(value, 4), numerator=rate.numerator, denominator=rate.denominator
        )


class CountingOut(BodyOut):
    """How the rates beside it were counted."""

    numerator: str = Field(examples=["present + late"])
    denominator: str = Field(examples=["present + late + absent"])
    provisional_counted: bool = Field(
        description="where false, an unconfirmed absence is left out, and an unconfirmed late or left_early is present"
    )
    purpose: Purpose
    late_weight: float
    left_early: Treatment
    excused: Treatment

    @classmethod
    def of(cls, counting: Counting, purpose: Purpose) -> Self:
        """Say how is counted."""
        return cls(
            numerator=counting.numerator,
            denominator=counting.denominator,
            provisional_counted=counting.provisional,
            purpose=purpose,
            late_weight=counting.late_weight,
            left_early=counting.left_early,
            excused=counting.excused,
        )

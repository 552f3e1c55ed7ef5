"""How a line of the audit is shown."""

from typing import Self

from pydantic import Field

from api.bodies import BodyOut
from attendance.audit import Line


class AuditLineOut(BodyOut):
    """Who asked for what."""

    batch: int = Field(description="the number of the batch in which the line was sealed")
    at: str
    by: str = Field(description="the id of the token, or what stands for whom the identity provider vouched for")
    role: str
    request: str = Field(description="method and path of the route")
    status: int = Field(description="what was answered")
    about: dict[str, str] = Field(description="what else was named: a class, a meeting")
    students: int = Field(description="how many students it told of; the line holds them as keyed hashes")

    @classmethod
    def of(cls, batch: int, line: Line) -> Self:
        """Show a line."""
        return cls(
            batch=batch,
            at=line.at,
            by=line.by,
            role=line.role,
            request=line.do,
            status=line.status,
            about=dict(line.about),
            students=len(line.subjects),
        )

"""Who the caller is to the API."""

from fastapi import APIRouter

from api.bodies import BodyOut
from api.guard import GuardedRoute, VisitorHere
from api.times import MomentOut
from attendance.rights import Permission, Role

router = APIRouter(prefix="/v1/me", tags=["tokens"], route_class=GuardedRoute)


class MeOut(BodyOut):
    """The token that a request came with."""

    token_id: str
    role: Role
    subjects: list[str]
    permissions: list[Permission]
    expires_at: MomentOut | None


@router.get("", summary="Get who I am")
async def get_me(visitor: VisitorHere) -> MeOut:
    """Get the role, the subjects and the permissions of the token that this request comes with."""
    principal = visitor.principal
    return MeOut(
        token_id=principal.token_id,
        role=principal.role,
        subjects=sorted(principal.subjects),
        permissions=[permission for permission in Permission if principal.may(permission)],
        expires_at=principal.expires_at,
    )

"""What stands before every route: its rule is looked up when it is made, and held before its body is read."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.access import ACCESS, Rule
from api.auditing import audited
from api.etags import conditional
from api.idempotency import once
from api.problems import Problem, not_found
from api.services import services_of
from api.tables import table_of
from api.times import now
from attendance.rights import Principal

# In which of several roles somebody acts whom an identity provider vouches for.
ROLE_HEADER = "Rollcall-Role"
_REALM = {"WWW-Authenticate": 'Bearer realm="rollcall"'}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking, on a route that lets them in."""

    principal: Principal
    sees_everything: bool
    sees_names: bool = True

    @property
    def own(self) -> list[str] | None:
        """The ids that are theirs to see, in order; None where everything is."""
        return None if self.sees_everything else sorted(self.principal.subjects)

    def owns_one_of(self, *ids: str) -> bool:
        """Tell whether an object that belongs to these (its class, its student) is theirs to see."""
        return self.sees_everything or any(self.principal.owns(each) for each in ids)

    def require(self, what: str, its_id: str, *owners: str) -> None:
        """Hide an object that isn't theirs to see.

        Raises:
            Problem: `not_found`, in the words for one that doesn't exist.
        """
        if not self.owns_one_of(*owners):
            raise not_found(what, its_id)


class GuardedRoute(APIRoute):
    """A route that lets in whom its rule lets in. It can't be made without an entry in `access.ACCESS`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(path, endpoint, **settings)
        self.rules: dict[str, Rule] = {method: ACCESS[method, path] for method in self.methods or ()}
        self.table = table_of(self.response_model) if "GET" in (self.methods or ()) else None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the handler with the guard before it."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            rule = self.rules[request.method]
            if rule.public:
                return await handle(request)
            principal = await _require_principal(request)
            answer = await audited(request, principal, lambda: self._answer(request, rule, principal, handle))
            as_table = self.table is not None and self.table.wanted_by(request)
            if self.table is not None and as_table:
                answer = self.table.written(request, answer)
            return conditional(request, answer)

        return guarded

    async def _answer(
        self, request: Request, rule: Rule, principal: Principal, handle: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        visitor = _admit(principal, rule)
        request.state.visitor = visitor
        if self.body_field is not None:
            _require_json(request)
        if self.table is not None:
            self.table.wanted_by(request)  # refuses a form that there isn't before anything is read
        return await once(request, self.path, principal.token_id, services_of(request).store, lambda: handle(request))


def bearer_of(request: Request) -> str:
    """Give the token that a request comes with; raises Problem `not_authenticated` where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem("not_authenticated", "send `Authorization: Bearer TOKEN`", headers=_REALM)
    return token.strip()


async def principal_of(request: Request) -> Principal | None:
    """Tell who sends a request; None where their token isn't good."""
    authenticator = services_of(request).authenticator
    return await authenticator.principal_of(bearer_of(request), now(), request.headers.get(ROLE_HEADER))


async def _require_principal(request: Request) -> Principal:
    principal = await principal_of(request)
    if principal is None:
        address, wrong = request.client.host if request.client else "nowhere", services_of(request).wrong_tokens
        wrong.check(address)
        wrong.note_wrong(address)
        detail = "this token is unknown, revoked or expired: ask an administrator for a new one"
        raise Problem("not_authenticated", detail, headers=_REALM)
    return principal


def _admit(principal: Principal, rule: Rule) -> Visitor:
    if not rule.lets_in(principal):
        raise Problem("forbidden", f"a token of the role {principal.role.value} can't do this")
    return Visitor(
        principal, sees_everything=rule.opens_everything_to(principal), sees_names=rule.shows_names_to(principal)
    )


def _require_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            "unsupported_media_type", "send the body as JSON, with the header `Content-Type: application/json`"
        )


def visitor_of(request: Request) -> Visitor:
    """Give whom a request was let in as."""
    visitor: Visitor = request.state.visitor
    return visitor


VisitorHere = Annotated[Visitor, Depends(visitor_of)]

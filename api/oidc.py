"""Tokens of the school's identity provider (OpenID Connect): checked here, by the provider's public keys.

The provider says who somebody is and which roles they have; what is theirs is looked up by the school's own id: a
student's record, a teacher's classes of today. Nobody needs a token of ours then.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jwt
import structlog

from api.problems import Problem
from api.settings import ApiSettings
from attendance.rights import Principal, Role
from attendance.store import Missing, Store

# Only such as the provider signs with a key that it alone has: with an HMAC whoever checks could also sign.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_CLAIMS_NEEDED = ["iss", "aud", "exp", "sub"]
# Clocks of two servers.
_LEEWAY_S = 30
_KEYS_KEPT_S = 3600.0
# A token that names an unknown key makes us ask again: whoever makes such tokens up asks the provider no more than so.
_ASKED_AGAIN_AFTER_S = 30.0
# A provider that is away is asked by one request in so long; the others go on with the keys there are, or are told.
_FAILED_AGAIN_AFTER_S = 5.0
_TIMEOUT_S = 5.0
_LARGEST_ANSWER = 1_000_000
# In which a person acts who has several, unless the request says which. Things and substitutes get tokens of ours.
ROLES = (Role.ADMINISTRATOR, Role.REGISTRAR, Role.OFFICER, Role.TEACHER, Role.ADVISER, Role.ANALYST, Role.STUDENT)

log = structlog.get_logger(__name__)


def is_from_provider(token: str) -> bool:
    """Tell whether a token has the form of a provider's: three parts with dots between."""
    return token.count(".") == 2 and not token.startswith("rc_")


class IdentityProvider:
    """The provider that the settings name."""

    def __init__(self, settings: ApiSettings, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at: float | None = None
        self._failed_at: float | None = None
        self._asking = asyncio.Lock()

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return bool(self._settings.oidc_issuer)

    async def principal_of(self, token: str, wanted: str | None, now: datetime) -> Principal | None:
        """Tell who bears this token, in the role that is wanted; None where it isn't to be trusted, or gives no role.

        Raises:
            Problem: `identity_provider_unavailable`, where its keys can't be had.
            StoreUnavailable: what is theirs can't be looked up now.
        """
        claims = await self._claims(token)
        if claims is None:
            return None
        role = self._role(claims, wanted)
        if role is None:
            return None
        subjects = await self._subjects(role, claims, now)
        if subjects is None:
            return None
        token_id = f"oidc-{self._store.look_up.bearer(claims['iss'], claims['sub'])[:24]}"
        return Principal(token_id, role, subjects, datetime.fromtimestamp(claims["exp"], UTC))

    async def _claims(self, token: str) -> dict[str, Any] | None:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            return None
        key = await self._key(str(header.get("kid", "")))
        if key is None or header.get("alg") not in _ALGORITHMS:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in _ALGORITHMS else [],
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=_LEEWAY_S,
                options={"require": _CLAIMS_NEEDED},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            # What the token says isn't repeated: it names a person.
            log.info("a token of the identity provider was refused", reason=type(error).__name__)
            return None
        return claims

    def _role(self, claims: dict[str, Any], wanted: str | None) -> Role | None:
        told = _claim(claims, self._settings.oidc_roles_claim)
        names = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
        named = {self._settings.oidc_roles.get(str(name), str(name)) for name in names}
        given = [role for role in ROLES if role.value in named]
        if wanted is not None:
            return next((role for role in given if role.value == wanted), None)
        return given[0] if given else None

    async def _subjects(self, role: Role, claims: dict[str, Any], now: datetime) -> frozenset[str] | None:
        store, person = self._store, str(_claim(claims, self._settings.oidc_person_claim) or "")
        try:
            match role:
                case Role.STUDENT:
                    return frozenset({(await store.students.by_sourced_id(person)).id})
                case Role.TEACHER:
                    today = now.astimezone(ZoneInfo(self._settings.default_zone)).date()
                    teacher = await store.teachers.by_sourced_id(person)
                    return await self._classes(teacher.id, today)
                case Role.ADVISER:
                    told = _claim(claims, self._settings.oidc_students_claim)
                    return await self._students(told if isinstance(told, list) else [])
                case _:
                    return frozenset()
        except Missing:
            return None

    async def _classes(self, teacher_id: str, today: date) -> frozenset[str]:
        teachings = await self._store.teachings.of_teacher(teacher_id)
        return frozenset(each.class_id for each in teachings if each.holds_on(today))

    async def _students(self, sourced_ids: list[Any]) -> frozenset[str]:
        found = set()
        for each in sourced_ids:
            try:
                found.add((await self._store.students.by_sourced_id(str(each))).id)
            except Missing:
                continue
        return frozenset(found)

    async def _key(self, key_id: str) -> jwt.PyJWK | None:
        if self._is_due(key_id):
            async with self._asking:
                if self._is_due(key_id):
                    await self._ask()
        if not self._keys:
            detail = "tokens of the identity provider can't be checked now: try again in some seconds"
            raise Problem("identity_provider_unavailable", detail, headers={"Retry-After": "5"})
        if key_id:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _is_due(self, key_id: str) -> bool:
        if self._failed_at is not None and self._clock() - self._failed_at < _FAILED_AGAIN_AFTER_S:
            return False
        if self._asked_at is None:
            return True
        since = self._clock() - self._asked_at
        is_unknown = key_id not in self._keys and bool(key_id)
        return since >= _KEYS_KEPT_S or (is_unknown and since >= _ASKED_AGAIN_AFTER_S)

    async def _ask(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                address = self._settings.oidc_keys_url or await self._keys_url(client)
                keys = jwt.PyJWKSet.from_dict(await _json(client, address))
        except (httpx.HTTPError, httpx.InvalidURL, jwt.PyJWTError, ValueError, KeyError) as error:
            log.warning("the identity provider's keys can't be had", error=type(error).__name__)
            self._failed_at = self._clock()
        else:
            self._keys = {key.key_id or "": key for key in keys.keys if key.public_key_use in (None, "sig")}
            self._asked_at, self._failed_at = self._clock(), None

    async def _keys_url(self, client: httpx.AsyncClient) -> str:
        issuer = str(self._settings.oidc_issuer)
        told = await _json(client, issuer.rstrip("/") + "/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ValueError("the provider calls itself otherwise")
        return str(told["jwks_uri"])


def _claim(claims: dict[str, Any], name: str) -> object:
    """Give a claim; `realm_access.roles` is one inside another, unless a claim has that very name."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


async def _json(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    async with client.stream("GET", address) as answer:
        answer.raise_for_status()
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > _LARGEST_ANSWER:
                raise ValueError("too large")
    read = httpx.Response(200, content=body).json()
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - as for any other answer that isn't what it should be
    return read

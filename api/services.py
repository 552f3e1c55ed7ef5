"""What the routes work with: made once, when the app starts."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.audit_writer import AuditWriter
from api.authentication import Authenticator
from api.enrolment import EnrolmentDesk
from api.guessing import MOST_WRONG_TOKENS, Guesses
from api.import_gate import ImportGate
from api.live import LiveStreams
from api.relay import RelayTask
from api.settings import ApiSettings
from api.tail import LogTail
from attendance.places import Places
from attendance.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The store, and what is built on it."""

    settings: ApiSettings
    store: Store
    authenticator: Authenticator
    desk: EnrolmentDesk
    imports: ImportGate
    relay: RelayTask
    tail: LogTail
    streams: LiveStreams
    audit: AuditWriter
    places: Places
    guesses: Guesses = field(default_factory=Guesses)
    wrong_tokens: Guesses = field(default_factory=lambda: Guesses(most=MOST_WRONG_TOKENS, code="too_many_wrong_tokens"))


def services_of(request: Request) -> Services:
    """Give the services of the app that answers this request."""
    services: Services = request.app.state.services
    return services


def _store(request: Request) -> Store:
    return services_of(request).store


ServicesHere = Annotated[Services, Depends(services_of)]
StoreHere = Annotated[Store, Depends(_store)]

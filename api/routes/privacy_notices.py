"""The notices that people are given before they are asked for their consent, by version."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, StringConstraints

from api.bodies import BodyIn, BodyOut
from api.guard import GuardedRoute, VisitorHere
from api.problems import not_found
from api.services import StoreHere
from api.texts import Name
from api.times import MomentOut, now
from attendance.privacy_notices import PrivacyNotice
from attendance.store import Missing

router = APIRouter(prefix="/v1/privacy-notices", tags=["privacy"], route_class=GuardedRoute)

# Part of an address: nothing that would have to be written otherwise there.
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]


class PrivacyNoticeIn(BodyIn):
    """A notice to publish."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": "2027-01",
                    "title": "How attendance is taken",
                    "text": "Cameras in lecture halls ...",
                    "language": "en",
                }
            ]
        }
    )

    version: Version = Field(description="how consents name it; never used again for another text")
    title: Name
    text: Text = Field(description="the whole text, as people were given it")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        default="en", description="a BCP 47 tag"
    )


class PrivacyNoticeOut(BodyOut):
    """A published notice."""

    version: str
    title: str
    text: str
    language: str
    published_at: MomentOut


class PrivacyNoticesOut(BodyOut):
    """All published notices, the latest first."""

    items: list[PrivacyNoticeOut]


@router.post("", status_code=201, summary="Publish a privacy notice")
async def publish_privacy_notice(
    body: PrivacyNoticeIn, store: StoreHere, visitor: VisitorHere, response: Response
) -> PrivacyNoticeOut:
    """Publish a version. It can't be changed afterwards: publish another one. 409 `conflict` where it is there."""
    notice = PrivacyNotice(body.version, body.title, body.text, body.language, now(), visitor.principal.token_id)
    await store.privacy_notices.publish(notice)
    response.headers["Location"] = f"/v1/privacy-notices/{notice.version}"
    return PrivacyNoticeOut.model_validate(notice)


@router.get("", summary="List the privacy notices")
async def list_privacy_notices(store: StoreHere) -> PrivacyNoticesOut:
    """List all versions, the latest first; every token may read them."""
    found = await store.privacy_notices.all()
    return PrivacyNoticesOut(items=[PrivacyNoticeOut.model_validate(each) for each in found])


@router.get("/{version}", summary="Get a privacy notice")
async def get_privacy_notice(
    version: Annotated[Version, Path(description="the notice's version")], store: StoreHere
) -> PrivacyNoticeOut:
    """Get a version as it was published."""
    try:
        return PrivacyNoticeOut.model_validate(await store.privacy_notices.get(version))
    except Missing as error:
        raise not_found("privacy notice", version) from error

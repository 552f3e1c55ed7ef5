"""Enrolment photos: each becomes a template; the picture itself isn't kept."""

from typing import Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.bodies import BodyOut
from api.guard import GuardedRoute, Visitor, VisitorHere
from api.lookups import consent_missing, require_student
from api.problems import Problem, not_found
from api.services import ServicesHere, StoreHere
from api.texts import PhotoId, StudentId
from api.times import MomentOut, now
from api.uploads import PHOTO_BODY, read_photo
from attendance.ids import new_id
from attendance.import_runs.likeness import Enrolled
from attendance.people import StoredTemplate, photos_wanted
from attendance.pictures import read_header
from attendance.rights import Permission

router = APIRouter(prefix="/v1/students/{student_id}/photos", tags=["photos"], route_class=GuardedRoute)


class PhotoOut(BodyOut):
    """What is kept of a photo, its template left out."""

    id: str
    encoder: str = Field(description="what made the template; templates of two encoders are never compared")
    created_at: MomentOut

    @classmethod
    def of(cls, stored: StoredTemplate) -> Self:
        """Show that a template is there."""
        return cls(id=stored.id, encoder=stored.template.encoder, created_at=stored.created_at)


class WarningOut(BodyOut):
    """Something to look at before the photo is relied upon; it is kept all the same."""

    code: Literal["nearer_to_another"] = Field(
        description="`nearer_to_another`: it looks more like another student than like this one's other photos"
    )
    detail: str
    student_id: str | None = Field(description="the other student; null for whoever may not know")


class EnrolledPhotoOut(PhotoOut):
    """A photo just enrolled, and how good its face is."""

    photos_wanted: int = Field(description="how many more are asked for: two at least, of different days, do better")
    warnings: list[WarningOut]

    face_width: int = Field(description="the face's width in pixels")
    detector_score: float = Field(description="how sure the detector is, on its own scale; larger is surer")


class PhotosOut(BodyOut):
    """The photos enrolled of a student."""

    photos_wanted: int = Field(description="how many more are asked for")
    items: list[PhotoOut]


@router.post("", status_code=201, summary="Enrol a photo", openapi_extra=PHOTO_BODY)
async def enrol_photo(
    student_id: StudentId, request: Request, services: ServicesHere, visitor: VisitorHere, response: Response
) -> EnrolledPhotoOut:
    """Make a template out of a photo of the student alone, seen from the front.

    Send the picture's bytes as the body (JPEG, PNG or WebP), or as the one file of a form. Without a standing consent
    it is refused before a byte of it is read (409 `consent_missing`). A photo that is of no use is refused with the
    reason (422 `no_face`, `several_faces`, `face_too_small`, ...). The picture isn't kept. A photo that is kept may
    carry a warning: look whether it is of the right student.
    """
    store = services.store
    await require_student(store, student_id)
    if await store.biometrics.consent_of(student_id) is None:
        raise consent_missing(student_id)
    before = len(await store.biometrics.templates_of([student_id]))
    if before >= services.settings.photos_a_student:
        detail = f"{services.settings.photos_a_student} photos are kept of a student: delete one first"
        raise Problem("too_many_photos", detail)
    with services.desk.place():
        photo = await read_photo(request, within_s=services.settings.photo_upload_s)
        read_header(photo, services.desk.limits)
        face = await services.desk.look(photo)
    if face.template is None:
        raise ValueError("the engine gave a face without a template")
    stored = StoredTemplate(id=new_id(), student_id=student_id, template=face.template, created_at=now())
    enrolled = await Enrolled.read(store, services.desk.matcher)
    another = await enrolled.nearer_to_another(student_id, face.template)
    await store.biometrics.add_template(stored)  # refuses, where the consent was withdrawn meanwhile
    response.headers["Location"] = f"/v1/students/{student_id}/photos/{stored.id}"
    return EnrolledPhotoOut(
        id=stored.id,
        encoder=stored.template.encoder,
        created_at=stored.created_at,
        face_width=round(face.box.width),
        detector_score=round(face.score, 3),
        photos_wanted=photos_wanted(before + 1),
        warnings=[_warning(another, visitor)] if another else [],
    )


@router.get("", summary="List the photos")
async def list_photos(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> PhotosOut:
    """List what is enrolled of a student: ids, encoders and dates. The pictures aren't kept, so none can be got."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    templates = await store.biometrics.templates_of([student_id])
    items = [PhotoOut.of(stored) for stored in templates]
    return PhotosOut(items=items, photos_wanted=photos_wanted(len(items)))


@router.delete("/{photo_id}", status_code=204, summary="Delete a photo")
async def delete_photo(student_id: StudentId, photo_id: PhotoId, store: StoreHere) -> None:
    """Delete a photo's template."""
    await require_student(store, student_id)
    if not await store.biometrics.remove_template(student_id, photo_id):
        raise not_found("photo", photo_id)


def _warning(another: str, visitor: Visitor) -> WarningOut:
    detail = "this photo looks more like another student than like this one: make sure that it is of the right person"
    may_know = visitor.principal.may(Permission.MANAGE_STUDENTS)
    return WarningOut(code="nearer_to_another", detail=detail, student_id=another if may_know else None)

"""One person's faces over a camera's frames: tracks, fused templates, and names within a meeting's error budget.

    tracker = Tracker.for_matcher(camera_id, load_engine("fast").matcher)

    # In a worker without memory: what of a frame need be looked at, by what the tracker hinted.
    given = hints(tracker.state)
    small = thumbnail(picture)  # `before`: that of the last frame that was looked at
    if before is None or change(before, small) >= CHANGE:
        where = plan(given, seconds, width, height)
        faces = engine.find(picture, smallest_face, None if where.whole else where.near)
        due = faces_to_encode(given, seconds, faces)  # the others go into the frame without a template

    # In the frames' order: tracks and names. `gallery`: the roster; `ledger`: what the meeting's budget was spent on.
    seen = tracker.see(Frame(frame_id, seconds, tuple(faces), where.whole), gallery, ledger)
    for track in seen.tracks:  # one a face, in their order; `seen.closed` are those that are over
        track.id, track.box, track.person, track.margin, track.first_seen, track.last_seen
    for each in seen.changes:  # decided now (`given`), or taken back, with the reason
        each.track, each.person, each.given, each.reason
    ledger = seen.ledger

    # Over a restart, or to another worker: values without a template, and the frames that they name read again.
    stored = tracker.state.to_document()
    state = TrackerState.from_document(stored)
    tracker.resume(state, [read_again(glimpse.frame) for glimpse in state.glimpses])

A track's score is its margin above the matcher's threshold; `margin` and `person` are None while it is unknown. A
track's id comes from the camera, the id and time of its first frame and its box there, so whoever does the same frames
gets the same ids. All of it is pure: the same frames give the same tracks, ids and names. Any matcher will do: one
whose scores aren't log odds is asked with the same interface, and spends the budget by `DISTANCE_SPENDING`. Importing
it loads no model and no OpenCV.
"""

from recognition.tracking.association import Motion, Place, associate
from recognition.tracking.change import CHANGE, change, thumbnail
from recognition.tracking.decision import (
    DISTANCE_SPENDING,
    LOG_ODDS_SPENDING,
    Candidate,
    Margins,
    Spending,
    decide,
    margins_of,
    spending_of,
)
from recognition.tracking.frame import Change, Frame, Seen
from recognition.tracking.fusion import Correlation, Evidence, Fused, Weigh
from recognition.tracking.plan import Economy, Hint, Hints, Plan, faces_to_encode, hints, plan
from recognition.tracking.settings import Settings
from recognition.tracking.state import Block, Glimpse, Ledger, TrackerState, TrackState
from recognition.tracking.tracker import Tracker
from recognition.tracking.weighing import weigh_by_quality

__all__ = [
    "CHANGE",
    "DISTANCE_SPENDING",
    "LOG_ODDS_SPENDING",
    "Block",
    "Candidate",
    "Change",
    "Correlation",
    "Economy",
    "Evidence",
    "Frame",
    "Fused",
    "Glimpse",
    "Hint",
    "Hints",
    "Ledger",
    "Margins",
    "Motion",
    "Place",
    "Plan",
    "Seen",
    "Settings",
    "Spending",
    "TrackState",
    "Tracker",
    "TrackerState",
    "Weigh",
    "associate",
    "change",
    "decide",
    "faces_to_encode",
    "hints",
    "margins_of",
    "plan",
    "spending_of",
    "thumbnail",
    "weigh_by_quality",
]

"""One person's faces over a camera's frames: tracks, fused templates, and names within a meeting's error budget.

    margins = margins_of(matcher, look=matcher.calibration.plda.look)
    tracker = Tracker("camera 1", margins, Settings(spending=LOG_ODDS_SPENDING))
    seen = tracker.see(Frame(frame_id, seconds, look.faces), gallery, ledger)

All of it is pure: the same frames give the same tracks, ids and names. Importing it loads no model and no OpenCV.
"""

from recognition.tracking.association import Motion, Place, associate
from recognition.tracking.change import CHANGE, change, thumbnail
from recognition.tracking.decision import LOG_ODDS_SPENDING, Candidate, Margins, Spending, decide, margins_of
from recognition.tracking.fusion import Correlation, Evidence, Fused, Weigh, weigh_by_size
from recognition.tracking.plan import Economy, Hint, Hints, Plan, faces_to_encode, hints, plan
from recognition.tracking.state import Block, Glimpse, Ledger, TrackerState, TrackState
from recognition.tracking.tracker import Change, Frame, Seen, Settings, Tracker

__all__ = [
    "CHANGE",
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
    "thumbnail",
    "weigh_by_size",
]

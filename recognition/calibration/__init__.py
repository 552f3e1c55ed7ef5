"""Fits the decision of `recognition.scoring` to templates of known people; what it returns holds none of them."""

from recognition.calibration.fit import LEAST_PEOPLE, PROMISED_FPIR, fit_calibration
from recognition.calibration.people import Crowd, TooFewPeople

__all__ = ["LEAST_PEOPLE", "PROMISED_FPIR", "Crowd", "TooFewPeople", "fit_calibration"]

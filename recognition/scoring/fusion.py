"""Several looks at one person as one template."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadTemplate, EncoderMismatch
from recognition.faces import Template

__all__ = ["LOOKS", "fuse", "unit"]

# How many independent looks a fused template can be worth. In steps, so that what is prepared for one is used for all
# of that worth; up to 8, because templates that differ by more than that are of two people or not of faces.
LOOKS = np.array([1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8], np.float32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors (..., d) at unit length; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
    return scaled


def fuse(templates: Sequence[Template], weights: Sequence[float] | None = None) -> Template:
    """Return the weighed mean of templates, each first brought to unit length; `weights` default to all the same.

    The mean is left as short as it comes out: its length tells a matcher how much the looks differed, and so how many
    independent ones they are worth. Twenty frames of one moment are hardly more than one.

    Raises ValueError without templates, or where the weights aren't as many, all finite and not negative, and some
    above zero; EncoderMismatch and BadTemplate where the templates can't be averaged.
    """
    if not templates:
        raise ValueError("There is nothing to fuse.")
    share = np.ones(len(templates)) if weights is None else np.asarray(weights, np.float64)
    if share.shape != (len(templates),) or not np.isfinite(share).all() or share.min() < 0 or share.sum() <= 0:
        raise ValueError("Weights must be one a template, finite, not negative, and not all zero.")
    encoders = {template.encoder for template in templates}
    if len(encoders) > 1:
        raise EncoderMismatch(
            f"Templates of several encoders ({', '.join(sorted(encoders))}) can't be fused: encode the photos again "
            "with one of them."
        )
    if len({template.vector.size for template in templates}) > 1:
        raise BadTemplate("Templates of several lengths can't be fused: encode the photos again.")
    vectors = unit(np.stack([template.vector for template in templates]))
    return Template(encoders.pop(), (share / share.sum()) @ vectors)

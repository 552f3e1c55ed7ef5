"""Who is who in one picture, decided together."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign"]


def assign(scores: NDArray[np.float32], threshold: float) -> list[int | None]:
    """Return, for each row (a face) of scores (faces, people), the column that it is given, or None for unknown.

    A person is at one place, so a column is given to one row at most. The surest pair is settled first, then the surest
    among the faces and people left, down to `threshold`. Not by the greatest sum of scores (`linear_sum_assignment`): a
    sum would take a name from the face that is most like that person in order to name two faces a little less well, so
    one stranger in the picture could turn a right answer into two wrong ones. This way a face loses a person only to a
    face that is more like them. Equal scores go to the earlier row, then to the earlier column: the same input gives
    the same answer.
    """
    given: list[int | None] = [None] * len(scores)
    taken: set[int] = set()
    rows, columns = np.nonzero(scores >= threshold)
    for pair in np.argsort(-scores[rows, columns], kind="stable"):
        row, column = int(rows[pair]), int(columns[pair])
        if given[row] is None and column not in taken:
            given[row] = column
            taken.add(column)
    return given

import pickle
from collections.abc import Iterator

import pytest

from recognition import RecognitionError, errors


def tree(root: type[RecognitionError]) -> Iterator[type[RecognitionError]]:
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


ALL = list(tree(RecognitionError))


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in ALL}) == len(ALL)


@pytest.mark.parametrize("error", ALL)
def test_the_tree_in_the_docstring_names_every_error(error: type[RecognitionError]) -> None:
    assert error.__name__ in (errors.__doc__ or "")
    if not error.__subclasses__():
        assert error.code in (errors.__doc__ or "")


@pytest.mark.parametrize("error", ALL)
def test_errors_cross_to_another_process(error: type[RecognitionError]) -> None:
    copy = pickle.loads(pickle.dumps(error("Send it again.")))  # noqa: S301 - our own bytes
    assert type(copy) is error
    assert (copy.code, copy.sentence, str(copy)) == (error.code, "Send it again.", "Send it again.")

"""One view has one form, whatever its values are and in whatever order its goroutines come."""

from __future__ import annotations

from itertools import permutations

import pytest

from verifier.prove.renaming import _keys


@pytest.mark.parametrize(
    "forms",
    [
        [(1, 2), (1, (0, 3))],
        [(1, None), (1, 0), (1, (4,))],
        [(None, 1), (2, (1, None)), (2, 7)],
        [(1, (2, None)), (1, (2, 5))],
    ],
)
def test_the_order_of_forms_does_not_depend_on_how_they_come(forms: list[tuple[object, ...]]) -> None:
    found = {tuple(x for _, x in sorted(zip(_keys(given, {}), given, strict=True))) for given in permutations(forms)}
    assert len(found) == 1

"""What a page shows beside a `Result`: every schedule as it can be walked, and state graphs to look at."""

from __future__ import annotations

from verifier.evidence.picture import Picture
from verifier.evidence.walkthrough import Walkthrough
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`walks` maps schedules, as `verify replay` takes them, to their states."""

    walks: tuple[tuple[str, Walkthrough], ...] = ()
    pictures: tuple[Picture, ...] = ()

    def walk(self, path: str) -> Walkthrough | None:
        """The states of a schedule; None when it was not walked."""
        return dict(self.walks).get(path)

    def picture(self, path: str) -> tuple[int, tuple[int, ...]] | None:
        """Which picture a schedule is drawn in, by position, and the spots it passes."""
        for n, picture in enumerate(self.pictures):
            for name, spots in picture.paths:
                if name == path:
                    return n, spots
        return None

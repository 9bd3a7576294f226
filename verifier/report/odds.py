"""Would a test have seen it, as text: how many schedules show a failure, what -race says, what can follow."""

from __future__ import annotations

from verifier.evidence.odds import MILLION, SHARE, Odds
from verifier.evidence.result import Property, Result

_WIDE = 104
"""Characters of a line."""


def lines(result: Result, prop: Property, width: int) -> list[str]:
    """The lines under a failing property; nothing where nobody asked."""
    # Imported here: few runs ask.
    from textwrap import wrap

    found = odds_of(result, prop)
    if found is None:
        return []
    said: list[tuple[str, tuple[str, ...]]] = []
    if found.share is None:
        said.append(("schedules", (f"not counted: {found.reason}",)))
    else:
        said.append(("schedules", (f"{share(found.share)} {found.meaning}", f"({SHARE})")))
    said.append(("-race", found.silent))
    said.append(("can become", (", ".join(found.others),) if found.others else ()))
    return [
        f"    {label if n == 0 else '':<{width}} {row}"
        for label, texts in said
        for n, row in enumerate(row for text in texts for row in wrap(text, _WIDE))
    ]


def odds_of(result: Result, prop: Property) -> Odds | None:
    """The odds of a property; None where nobody asked."""
    return next((o for o in result.odds or () if (o.kind, o.property) == (prop.kind, prop.name)), None)


def share(millionths: int) -> str:
    """A share in words.

    >>> share(500_000), share(MILLION), share(12), share(999_999)
    ('50 %', 'all', '0.0012 %', '99.9999 %')
    """
    if millionths == MILLION:
        return "all"
    percent = millionths / 10_000
    digits = 1 if 0.1 <= percent <= 99.9 else 4
    return f"{f'{percent:.{digits}f}'.rstrip('0').rstrip('.')} %"

"""Command lines: a parser that answers slips with a suggestion, and the values options take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from verifier.source import suggestion

_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST = 10 * 365 * 86400


class UsageError(Exception):
    """The command line is wrong; `notes` say what to do about it."""

    def __init__(self, message: str, *notes: str) -> None:
        super().__init__(message)
        self.message = message
        self.notes = notes


class Parser(argparse.ArgumentParser):
    """As argparse, but every mistake is a `UsageError`, and unknown options get the nearest known one."""

    def __init__(self, usage: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog="verify",
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message.removeprefix("argument "), f"usage: {self.usage}")

    def read(self, arguments: Sequence[str], many: str = "") -> argparse.Namespace:
        """Parse; `many` names a list of operands that may stand between options. Raises UsageError."""
        found, extra = self.parse_known_args(list(arguments))
        for word in extra:
            if word.startswith("-") and word != "-":
                option = word.split("=")[0]
                known = [o for o in self._option_string_actions if o.startswith("--")]
                raise UsageError(f"unknown option '{option}'", *suggestion(option, known))
        if extra and not many:
            raise UsageError(f"one argument too many: '{extra[0]}'", f"usage: {self.usage}")
        if many:
            setattr(found, many, [*getattr(found, many), *extra])
        return found


def count(text: str) -> tuple[str, int]:
    """`ROLE=N` as a pair."""
    from verifier.model.fields import MAX_COUNT

    role, equals, number = text.partition("=")
    if not role or not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not ROLE=N, as in writer=3")
    if not re.fullmatch("[0-9]{1,9}", number) or not 1 <= int(number) <= MAX_COUNT:
        raise argparse.ArgumentTypeError(f"'{number}' goroutines of {role}: it takes 1 to {MAX_COUNT}")
    return role, int(number)


def checks(text: str) -> tuple[str, ...]:
    """`P,Q` as property names, each known."""
    from verifier.model.document import BUILTIN, LINEARIZABLE
    from verifier.model.fields import CLAUSES, EDGES

    known = (*BUILTIN, LINEARIZABLE, *CLAUSES, EDGES)
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            hint = "; ".join(suggestion(name, known)) or f"known: {', '.join(known)}"
            raise argparse.ArgumentTypeError(f"no property '{name}' ({hint})")
    return tuple(dict.fromkeys(names))


def states(text: str) -> int:
    """A number of states, at least 1; `_` and `,` may group the digits."""
    digits = text.replace("_", "").replace(",", "")
    if not re.fullmatch("[0-9]{1,15}", digits) or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of states")
    return int(digits)


def seconds(text: str) -> float:
    """A duration in seconds: `30`, `30s`, `2.5m`, `1h`."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh]?)", text.lower())
    value = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration such as 30, 30s or 5m")
    return value


def size(text: str) -> int:
    """A size in bytes: `800000000`, `512M`, `2GiB`."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([kmgt]?)(i?b)?", text.lower())
    value = int(float(match[1]) * _SIZES[match[2]]) if match else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 512M or 2G")
    return value


def existing_role(counts: Sequence[tuple[str, int]], roles: Sequence[str], path: str) -> None:
    """Raise UsageError when a count is for a role that the model does not have."""
    for role, _ in counts:
        if role not in roles:
            notes = suggestion(role, roles) or (f"its roles: {', '.join(roles)}",)
            raise UsageError(f"--count: {path} has no role '{role}'", *notes)

"""A conversation with z3 in SMT-LIB text, through the C interface of the library that `z3-solver` installs.

Not through z3's Python terms: for the short questions of the readable invariant, importing that module and building
terms with it takes more time than all answers together.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cache
from pathlib import Path


class SessionError(Exception):
    """z3 did not understand a command; the message is its own."""


class Session:
    """One context of z3. Commands of SMT-LIB 2 with push and pop, `(set-option :timeout …)` in milliseconds."""

    def __init__(self) -> None:
        self._library = _library()
        config = self._library.Z3_mk_config()
        self._context = self._library.Z3_mk_context(config)
        self._library.Z3_del_config(config)
        self._library.Z3_set_error_handler(self._context, _KEEP_GOING)
        self._waiting: list[str] = []

    def __del__(self) -> None:
        if getattr(self, "_context", None) is not None:
            self._library.Z3_del_context(self._context)
            self._context = None

    def say(self, *commands: str) -> None:
        """Commands that answer nothing. They are sent with the next question."""
        self._waiting += commands

    def ask(self, *commands: str) -> str:
        """What z3 prints for the commands said so far and these. Raises SessionError."""
        text = "\n".join((*self._waiting, *commands))
        self._waiting.clear()
        answer = bytes(self._library.Z3_eval_smtlib2_string(self._context, text.encode())).decode().strip()
        if "(error" in answer:
            raise SessionError(answer[:300])
        return answer

    def check(self, assumptions: Iterable[str] = ()) -> str:
        """`sat`, `unsat` or `unknown`, under Boolean constants. Raises SessionError."""
        assumed = " ".join(assumptions)
        return self.ask(f"(check-sat-assuming ({assumed}))" if assumed else "(check-sat)")

    def values(self, constants: Iterable[str]) -> dict[str, str]:
        """The values of constants after `sat`: `true`, `false`, or a number as z3 prints it. Raises SessionError."""
        answer = self.ask(f"(get-value ({' '.join(constants)}))")
        pairs = answer[2:-2].replace(")\n (", ") (").split(") (")
        return dict(pair.split(" ", 1) for pair in pairs)

    def number(self, term: str) -> int:
        """The value of an integer term after `sat`. Raises SessionError."""
        value = self.ask(f"(eval {term} :completion true)")
        return -int(value[3:-1]) if value.startswith("(-") else int(value)


_KEEP_GOING = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint)(lambda _context, _code: None)
"""Errors are read from the answers; without a handler the library ends the process."""


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(_path()))
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, takes, gives in (
        ("Z3_mk_config", (), pointer),
        ("Z3_del_config", (pointer,), None),
        ("Z3_mk_context", (pointer,), pointer),
        ("Z3_del_context", (pointer,), None),
        ("Z3_set_error_handler", (pointer, type(_KEEP_GOING)), None),
        ("Z3_eval_smtlib2_string", (pointer, text), text),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = takes, gives
    return library


def _path() -> Path | str:
    """The shared library inside the package, found without importing the package: that takes as long as a proof."""
    from importlib.util import find_spec

    found = find_spec("z3")
    for root in (found.submodule_search_locations or ()) if found is not None else ():
        files = sorted(p for p in Path(root, "lib").glob("*z3.*") if {".so", ".dylib", ".dll"} & set(p.suffixes))
        if files:
            # The longest name is the one the package itself would load.
            return max(files, key=lambda p: len(p.name))
    import z3

    return str(z3.z3core.lib()._name)

"""Compiling LLVM text with llvmlite: at once without any pass, or with the few passes that pay."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from verifier.records import dataclass, field

Native = Callable[..., int]

LARGE = 1_000_000
"""Characters of a source from which on it is worth the time to return memory around it."""


class Missing(Exception):
    """llvmlite is not there, or cannot compile for this machine; the message says which."""


@dataclass(frozen=True)
class Compiled:
    """Machine code; it is gone when this is."""

    _engine: Any = field(repr=False)

    def function(self, name: str, *parameters: Any) -> Native:
        """A function of the module that returns a 64-bit number; `parameters` are ctypes' types."""
        made = ctypes.CFUNCTYPE(ctypes.c_int64, *parameters)(self._engine.get_function_address(name))
        # The function must not outlive its code, which belongs to the engine.
        made.code = self  # type: ignore[attr-defined]
        return made


def compiled(source: str, *, passes: bool) -> Compiled:
    """Machine code for a module. Raises Missing.

    `passes`: SROA, instruction combining and CFG simplification, then optimising code generation. That doubles the
    speed and takes several times as long; the standard pipeline takes several times longer again and gains nothing
    more. Without passes code generation takes LLVM's fast path.
    """
    llvm = _binding()
    large = len(source) >= LARGE
    if large:
        _give_back()
    try:
        parsed = llvm.parse_assembly(source)
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            # A virtual machine may mask what the processor of that name can do.
            features=llvm.get_host_cpu_features().flatten(),
            opt=2 if passes else 0,
            jit=True,
        )
        parsed.triple = llvm.get_default_triple()
        if passes:
            options = llvm.create_pipeline_tuning_options(speed_level=1)
            builder = llvm.create_pass_builder(target, options)
            manager = llvm.create_new_module_pass_manager()
            manager.add_sroa_pass()
            manager.add_instruction_combine_pass()
            manager.add_simplify_cfg_pass()
            manager.run(parsed, builder)
        engine = llvm.create_mcjit_compiler(parsed, target)
        engine.finalize_object()
        if large:
            _give_back()
    except RuntimeError as error:
        raise Missing(f"llvmlite cannot compile for this machine: {error}") from error
    return Compiled(engine)


def _give_back() -> None:
    """Return to the system what passes over a large program, ours and LLVM's, have left: it would count beside states.

    That is a twentieth of the whole for the hash trie's twelve million. The C library keeps it unless GNU's is asked.
    """
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _binding() -> Any:
    """llvmlite's binding, ready to compile. Imported here: it takes longer than exploring most models."""
    try:
        import llvmlite.binding as llvm
    except (ImportError, OSError) as error:
        raise Missing(f"llvmlite is not installed or does not load ({error})") from error
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm

"""Whatever a file holds, the reader answers with a document or with located errors, never with a crash."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings, strategies as st

from verifier.model.document import Document
from verifier.model.read import read_model, read_text
from verifier.model.yamltree import decode
from verifier.source import ModelError

ROOT = Path(__file__).parents[2]
WHOLE = (ROOT / "models" / "rwmutex.yaml").read_text(encoding="utf-8")
WORDS = ["model", "goroutines", "body:", "count", "any", "check", "expect", "race", "---", "<<:", "&a", "*a", "!t"]
PIECES = st.sampled_from((*"\n \t:[]{}|>#'\"%0\\é\x00", "  ", ": ", "- ", "? ", "|\n", "---\n", *WORDS))


def read(data: bytes) -> Document | None:
    """The document, None when the file was refused with errors inside it."""
    lines = data.count(b"\n") + data.count(b"\r") + 1
    try:
        return read_text("m.yaml", decode("m.yaml", data))
    except ModelError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert diagnostic.message
            assert 1 <= diagnostic.span.line <= lines + 1
            assert diagnostic.span.column >= 1
        return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
def test_any_bytes(data: bytes) -> None:
    read(data)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=25))
def test_any_yaml_like_text(pieces: list[str]) -> None:
    read("".join(pieces).encode())


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 6), PIECES)
def test_a_model_with_one_slip(at: int, length: int, piece: str) -> None:
    found = read((WHOLE[:at] + piece + WHOLE[at + length :]).encode())
    if found is not None:
        assert all(role.body.value.strip() for role in found.roles)


def test_the_file_itself_is_fine(tmp_path: Path) -> None:
    copy = tmp_path / "m.yaml"
    copy.write_text(WHOLE, encoding="utf-8")
    assert read(WHOLE.encode()) is not None
    assert read_model(str(copy)).name == "rwmutex"

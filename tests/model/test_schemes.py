"""Which Go files the schemes of a workload are, wherever it stands, and the model it is under one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.model.document import Document
from verifier.model.read import read_model, read_text
from verifier.model.schemes import chosen, kept, schemes, under
from verifier.pipeline.load import read_front
from verifier.pipeline.options import Options
from verifier.source import ModelError
from verifier.verdict import Verdict

GO = "package schemes\n\ntype Map struct{ m map[Key]Value }\n\nfunc NewMap() *Map { return &Map{} }\n"
DECLARE = "declare: |\n  type Key = string\n  type Value = int\n  var m = NewMap()\n"


def workload(folder: Path, keys: str) -> Document:
    path = folder / "w.yaml"
    path.write_text(f"model: w\n{keys}\n{DECLARE}goroutines: {{g: m = nil}}\n", encoding="utf-8")
    return read_model(str(path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "schemes").mkdir()
    (tmp_path / "work" / "deep").mkdir(parents=True)
    for name in ("mutex", "trie", "trie-part", "plain"):
        (tmp_path / "schemes" / f"{name}.go").write_text(GO if name != "trie-part" else "package schemes\n")
    model = f"model: trie\nsource: [trie.go, trie-part.go]\n{DECLARE}goroutines: {{g: m = nil}}\n"
    (tmp_path / "schemes" / "trie.yaml").write_text(model)
    return tmp_path


def names(document: Document) -> list[str]:
    return [s.name for s in schemes(document)]


def test_names_are_looked_up_in_the_nearest_folder(home: Path) -> None:
    near = home / "work" / "schemes"
    near.mkdir()
    (near / "mutex.go").write_text(GO)
    assert schemes(workload(home / "work" / "deep", "schemes: mutex"))[0].paths == (str(near / "mutex.go"),)
    assert schemes(workload(home, "schemes: mutex"))[0].paths == (str(home / "schemes" / "mutex.go"),)


def test_a_name_that_is_not_in_the_nearest_folder_is_looked_for_in_the_next(home: Path) -> None:
    near = home / "work" / "schemes"
    near.mkdir()
    (near / "other.go").write_text(GO)
    document = workload(home / "work" / "deep", "schemes: [other, mutex]")
    assert [Path(p).parent for s in schemes(document) for p in s.paths] == [near, home / "schemes"]
    assert names(workload(home / "work" / "deep", "schemes: all")) == ["other"]


def test_all_are_the_names_and_parts_are_none(home: Path) -> None:
    assert names(workload(home / "work", "schemes: all")) == ["mutex", "plain", "trie"]


def test_the_schemes_that_come_with_verify_are_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.model.schemes.SHIPPED", str(tmp_path / "shipped"))
    away = tmp_path / "far" / "away" / "from"
    away.mkdir(parents=True)
    with pytest.raises(ModelError, match="no folder `schemes`"):
        schemes(workload(away, "schemes: all"))
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "mutex.go").write_text(GO)
    assert [Path(p).resolve() for p in schemes(workload(away, "schemes: mutex"))[0].paths] == [
        tmp_path / "shipped" / "mutex.go"
    ]


def test_the_parts_of_a_scheme_come_with_it(home: Path) -> None:
    (found,) = schemes(workload(home / "work", "schemes: trie"))
    assert [Path(p).name for p in found.paths] == ["trie.go", "trie-part.go"]
    document = under(workload(home / "work", "schemes: trie"), found)
    assert document.name == "w/trie" and document.scheme == "trie" and document.scheme_files == 2
    assert len(read_front(document, Options()).package.functions) == 1


def test_a_variant_has_another_part(home: Path) -> None:
    (home / "schemes" / "trie-part-broken.go").write_text("package schemes\n")
    document = workload(home / "work", "schemes: [trie, trie-part-broken]\nexpect: {trie-part-broken: {race: unsafe}}")
    plain, broken = schemes(document)
    assert [Path(p).name for p in plain.paths] == ["trie.go", "trie-part.go"]
    assert [Path(p).name for p in broken.paths] == ["trie.go", "trie-part-broken.go"]
    assert dict(under(document, broken).expect) == {"race": Verdict.UNSAFE}
    with pytest.raises(ModelError, match=r"only a part of the scheme 'trie'"):
        schemes(workload(home / "work", "schemes: trie-part"))


def test_a_file_that_declares_the_map_is_no_part(home: Path) -> None:
    (home / "schemes" / "trie-chains.go").write_text(GO)
    plain, chains = schemes(workload(home / "work", "schemes: [trie, trie-chains]"))
    assert [Path(p).name for p in plain.paths] == ["trie.go", "trie-part.go"]
    assert [Path(p).name for p in chains.paths] == ["trie-chains.go"]
    assert "trie-chains" not in names(workload(home / "work", "schemes: all"))


def test_a_dash_in_a_name_of_its_own_is_no_part(home: Path) -> None:
    (home / "work" / "my-cache.go").write_text(GO)
    (found,) = schemes(workload(home / "work", "schemes: ./my-cache.go"))
    assert found.name == "my-cache" and [Path(p).name for p in found.paths] == ["my-cache.go"]


def test_paths_count_from_the_workload(home: Path) -> None:
    (home / "work" / "mine.go").write_text(GO)
    found = schemes(workload(home / "work", "schemes: [mine.go, ../schemes/trie.yaml]"))
    assert [(s.name, len(s.paths)) for s in found] == [("mine", 1), ("trie", 2)]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("schemes: mutx", r"no scheme 'mutx' in .*schemes"),
        ("schemes: [mutex, mutex.go, ../schemes/mutex.go]", "two schemes are named 'mutex'"),
        ("schemes: ../schemes/none.yaml", "no such file"),
        ("schemes: w.yaml", "names no `source:`, so it is no scheme"),
        ("schemes: [mutex]\nexpect: {plain: {race: safe}}", "`expect:` is about 'plain', which is none of the schemes"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(home: Path, keys: str, message: str) -> None:
    document = workload(home / "work", keys)
    with pytest.raises(ModelError, match=message) as error:
        schemes(document)
    assert {Path(d.span.file).name for d in error.value.diagnostics} == {"w.yaml"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("schemes: []", "`schemes:` is empty: it wants protection schemes"),
        ("schemes: {mutex: safe}", "`schemes:` wants"),
        ("expect: {mutex: {race: safe}}", "for 'mutex' alone, but the model names no `schemes:`"),
        ("schemes: mutex\nexpect: {mutex: {rac: safe}}", "unknown property 'rac'"),
        ("schemes: mutex\nexpect: {mutex: {race: {x: safe}}}", "wants one of safe, unsafe, unknown"),
        ("schemes: mutex\nexpect: {mutex: safe}", "unknown property 'mutex'"),
        ("schemes: mutex\ncheck: [race]\nexpect: {mutex: {panic: safe}}", "which `check:` leaves out"),
    ],
)
def test_the_file_is_checked_before_any_scheme_is(home: Path, keys: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        workload(home / "work", keys)


def test_what_is_expected_under_a_scheme_goes_before_what_is_expected_of_all(home: Path) -> None:
    document = workload(home, "schemes: [mutex, plain]\nexpect:\n  race: safe\n  panic: safe\n  plain: {race: unsafe}")
    mutex, plain = (dict(under(document, s).expect) for s in schemes(document))
    assert mutex == {"race": Verdict.SAFE, "panic": Verdict.SAFE}
    assert plain == {"race": Verdict.UNSAFE, "panic": Verdict.SAFE}


def test_the_command_line_chooses_by_name_or_brings_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = workload(home / "work", "schemes: all")
    monkeypatch.chdir(home)
    (home / "mine.go").write_text(GO)
    listed = workload(home / "work", "schemes: [mutex]")
    assert [s.name for s in chosen(listed, ["plain", "mutex"])] == ["plain", "mutex"]
    with pytest.raises(KeyError, match="plan"):
        chosen(listed, ["plan"])
    found = chosen(document, ["plain", "./mine.go"])
    assert [s.name for s in found] == ["plain", "./mine.go"]
    mine = under(document, found[1])
    assert mine.name == "w/mine" and mine.scheme == "./mine.go"
    assert mine.sources[-1].name == "../mine.go"


def test_a_workload_is_no_model_before_a_scheme_is_chosen(home: Path) -> None:
    with pytest.raises(ModelError, match="before a scheme is chosen"):
        read_front(workload(home, "schemes: all"), Options())


def test_what_was_kept_needs_no_disk(home: Path) -> None:
    document = workload(home / "work", "schemes: [trie]")
    taken = under(document, schemes(document)[0])
    texts = {s.name: s.text.value for s in taken.sources}
    for file in (home / "schemes").iterdir():
        file.unlink()

    def fetch(name: object, path: str) -> bytes:
        return texts[str(getattr(name, "value", ""))].encode()

    again = kept(read_text(document.path, "\n".join(document.lines)), "trie", list(texts), fetch)
    assert again == taken and again.sha256 == taken.sha256
    plain = read_text("m.yaml", "model: m\ngoroutines: {g: 'for {}'}\n")
    with pytest.raises(ModelError, match="kept as a workload"):
        kept(plain, "trie", [], fetch)

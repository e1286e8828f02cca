"""The YAML of a settings file: names stay as they are written; equal keys, NaN and alias bombs are refused by line."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.settings.yaml_file import read_yaml


def read(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


@pytest.mark.parametrize(
    "name", ["1.10", "2024", "on", "no", "2024-01-01", "0x1f", "010", "1_000", "null", "~", "12:30"]
)
def test_names_are_read_as_they_are_written(tmp_path: Path, name: str) -> None:
    blocks = read(
        tmp_path, f"corpora: {{{name}: {{a: 1}}}}\nrun: {{corpora: [{name}]}}\nfeatures: {{extract: [{name}]}}"
    )
    assert blocks == {"corpora": {name: {"a": 1}}, "run": {"corpora": [name]}, "features": {"extract": [name]}}


def test_values_keep_the_types_that_yaml_gives_them(tmp_path: Path) -> None:
    text = "train: {settings: {logistic: {class_weight: {0: 1, 1: 2.5}}}, budget: 3}\nrun: {workers: 2, x: null, y: on}"
    blocks = read(tmp_path, text)
    assert blocks["train"] == {"settings": {"logistic": {"class_weight": {0: 1, 1: 2.5}}}, "budget": 3}
    assert blocks["run"] == {"workers": 2, "x": None, "y": True}


def test_a_date_is_text_as_it_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, "corpora: {a: {note: 2024-1-2, days: [2024-01-02T10:00:00Z]}}")["corpora"] == {
        "a": {"note": "2024-1-2", "days": ["2024-01-02T10:00:00Z"]}
    }


def test_aliases_and_merges_are_read(tmp_path: Path) -> None:
    text = "corpora:\n  a: &a {root: x, label: y}\n  b: {<<: *a, label: z}\n  c: *a\n"
    assert read(tmp_path, text)["corpora"]["b"] == {"root": "x", "label": "z"}  # type: ignore[index]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert list(read(tmp_path, "\ufeffrun: {}")) == ["run"]


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run: {workers: 1}\nrun: {workers: 2}", r"line 2: the key 'run' is already in line 1"),
        ("corpora:\n  a: {x: 1}\n  b: {x: 1}\n  a: {x: 2}\n", r"line 4: the key 'a' is already in line 2"),
        ("train:\n  settings:\n    svm: {C: 1, C: 2}", r"line 3: the key 'C' is already in line 3"),
        ("corpora: {1: {x: 1}, '1': {x: 2}}", "the key '1' is already in line 1"),
        (BOMB, "more than 100000 values"),
        ("a: &a [*a]", "more than 100000 values"),
        ("a: &a {b: *a}", "more than 100000 values"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("? [1, 2]\n: 3", "line 1: a list or mapping cannot be the name"),
        ("evaluate: {resamples: .nan}", r"evaluate\.resamples is nan: write a finite number"),
        ("train: {settings: {svm: {C: [1.0, .inf]}}}", r"train\.settings\.svm\.C\[1\] is inf"),
        ("streams: {audio: {level_db: -.inf}}", r"streams\.audio\.level_db is -inf"),
        ("run: {seed: !!timestamp 2024-12-24}", "not readable YAML: could not determine a constructor"),
        ("run: {seed: !!set {a, b}}", "not readable YAML: could not determine a constructor"),
        ("run: {seed: !!binary aGVsbG8=}", "not readable YAML: could not determine a constructor"),
        ("run: {seed: " + "9" * 5000 + "}", "not readable YAML"),
        ("run: !!python/object/apply:os.system ['touch OWNED']", "not readable YAML"),
        ("run: [", "not readable YAML"),
        ("a: 1\n---\nb: 2", "not readable YAML"),
        ("\x00", "not readable YAML"),
        ("- a", "must hold blocks"),
    ],
)
def test_yaml_that_could_be_misread_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, text)
    assert len(str(caught.value)) < 1000


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--params"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"note: \xe4")
    with pytest.raises(UserError, match="not readable YAML"):
        read_yaml(tmp_path / "latin.yaml")

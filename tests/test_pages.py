"""Pages, docstrings and comments name only files, modules and names that exist."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("pipeline", "features", "models", "common")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted(
    [
        ROOT / "cli.py",
        ROOT / "crossmodal" / "__init__.py",
        *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")),
    ]
)

PATH = re.compile(r"(?<![\w./<])(?:pipeline|features|models|common|tests|benchmarks|docs)/[\w./*<>-]*[\w/*>]")
DOTTED = re.compile(r"(?<![\w./])(?:pipeline|features|models|common)(?:\.[A-Za-z_]\w*)+")
QUOTED = re.compile(r"`([^`\n]+)`")
SETTING = re.compile(r"(?:run|streams|train|evaluate)(?:\.[a-z_]+)+")
LINK = re.compile(r"\]\(([^)#\s]+)")
# What looks like a module or a path and is none: files, keys of params.yaml, what lies in folders of results.
FILE = re.compile(r".*\.(?:csv|h5|json|md|npz|parquet|pkl|svg|yaml)")
KEYS = {"extract", "tfidf", *(path.stem for path in (ROOT / "features").glob("*/*.py"))}
HIDING = {f"{package}.py" for package in PACKAGES}  # a user's own files, which hide a package
MADE = re.compile(r"models/(?:<|concat|unimodal|[a-z]+-)|features/\w+\.h5|features/(?:<|\*\.h5)")


def exists(path: str) -> bool:
    """Whether a file or folder of the tree has this path, in which ``<name>`` and ``*`` stand for any name."""
    return any(ROOT.glob(re.sub(r"<[^>]*>", "*", path).rstrip("/")))


@cache
def defined(module: Path) -> frozenset[str]:
    """Return all names that a module defines or imports at its top level, and the members of its classes."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names)


def is_defined(dotted: str) -> bool:
    """Whether ``package.module.name`` leads to a module, or to a name in one."""
    parts = dotted.split(".")
    place = ROOT
    for i, part in enumerate(parts):
        if (place / f"{part}.py").is_file():
            return all(name in defined(place / f"{part}.py") for name in parts[i + 1 :])
        if not (place / part).is_dir():
            return part in defined(place / "__init__.py") if (place / "__init__.py").is_file() else False
        place /= part
    return True


def wrong_in(text: str) -> Iterator[str]:
    """Yield the paths and dotted names in a text that lead nowhere."""
    yield from (path for path in PATH.findall(text) if not MADE.match(path) and not exists(path))
    for name in DOTTED.findall(text):
        package, key, *_ = name.split(".")
        if not (name in HIDING or FILE.fullmatch(name) or (package == "features" and key in KEYS) or is_defined(name)):
            yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_only_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name != "CHANGELOG.md":  # which tells of what was
        assert list(wrong_in(text)) == []
    links = [link for link in LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_pages_name_only_settings_that_exist() -> None:
    rows = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    known = {row.split("`")[1] for row in rows if row.startswith("| `")} | {"train.settings"}
    blocks = {setting.rpartition(".")[0] for setting in known}
    wrong = [
        f"{page.name}: {quoted}"
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for quoted in QUOTED.findall(page.read_text(encoding="utf-8"))
        if SETTING.fullmatch(quoted) and not FILE.fullmatch(quoted)
        if not {quoted, quoted.rpartition(".")[0]} & known and quoted not in blocks
    ]
    assert len(known) > 100
    assert wrong == []


def prose(source: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a file, each with its line."""
    text = source.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (found := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), found
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("package", ["cli", "crossmodal", *PACKAGES])
def test_docstrings_and_comments_name_only_what_exists(package: str) -> None:
    wrong = [
        f"{source.relative_to(ROOT)}:{line}: {name}"
        for source in SOURCES
        if source.relative_to(ROOT).parts[0].removesuffix(".py") == package
        for line, text in prose(source)
        for name in [*wrong_in(text), *wrong_siblings(source, text)]
    ]
    assert wrong == []


def wrong_siblings(source: Path, text: str) -> Iterator[str]:
    """Yield what a docstring quotes as ``module.name`` of a module that the file imports, and the module lacks."""
    beside = imported(source)
    for quoted in QUOTED.findall(text):
        module, _, name = quoted.partition(".")
        if (
            module in beside
            and name.isidentifier()
            and not FILE.fullmatch(quoted)
            and name not in defined(beside[module])
        ):
            yield quoted


@cache
def imported(source: Path) -> dict[str, Path]:
    """Return the modules of the project from which a file imports, by the last part of their names."""
    found = {}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            path = ROOT / f"{node.module.replace('.', '/')}.py"
            if path.is_file():
                found[path.stem] = path
    return found


def test_contributing_says_where_each_thing_is() -> None:
    """In a line of "Where is ...?", each name in code is defined in one of the files that the line names."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = [line for line in page.partition("## Where is")[2].partition("\n## ")[0].splitlines() if line[:1] == "-"]
    assert len(lines) >= 5
    for line in lines:
        quoted = QUOTED.findall(line)
        files = [ROOT / path for path in quoted if path.endswith(".py")]
        names = [name for name in quoted if name.isidentifier()]
        assert files, line
        known = set().union(*(defined(file) for file in files)) | {"explain"}
        assert set(names) <= known, line

"""Plugins: the user's own Python files and modules, which register corpora, extractors, strategies and metrics."""

import hashlib
import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType

from models.saving.trusted import trust
from pipeline.errors import Changed, UserError
from pipeline.hashing import sha256_of

_KEYS: dict[str, str] = {}  # plugin -> the hash that its source had when this process first read it
_LOADED: set[str] = set()


def load_plugins(plugins: tuple[str, ...]) -> None:
    """Import each plugin once per process: a ``.py`` file by its path, anything else by its module name.

    Raises
    ------
    UserError
        If a plugin is missing or raises an exception, or if its file has the name of a module that is already loaded.
    Changed
        If a plugin was edited while it was being imported.
    """
    for plugin in plugins:
        if plugin in _LOADED:
            continue
        first_key(plugin)
        try:
            _run_file(Path(plugin)) if plugin.endswith(".py") else import_module(plugin)
        except UserError:
            del _KEYS[plugin]
            raise
        except Exception as error:  # whatever the user's file raises is reported
            del _KEYS[plugin]
            raise UserError(f"run.plugins: {plugin!r} cannot be imported: {type(error).__name__}: {error}") from error
        _LOADED.add(plugin)
        trust(module_names((plugin,)))
        plugin_keys((plugin,))


def plugin_keys(plugins: tuple[str, ...]) -> list[str]:
    """Return a hash of each plugin's source as this process imported it; a package's source is all its Python files.

    Raises
    ------
    Changed
        If a source differs from what this process imported.
    """
    for plugin in plugins:
        if _source_key(plugin) != first_key(plugin):
            raise Changed(
                f"run.plugins: {plugin} was edited while this command ran, after it had been imported: run the same "
                "command again"
            )
    return [first_key(plugin) for plugin in plugins]


def first_key(plugin: str) -> str:
    """Return the hash that a plugin's source had when this process first read it; empty if there was no source."""
    if plugin not in _KEYS:
        _KEYS[plugin] = _source_key(plugin)
    return _KEYS[plugin]


def _source_key(plugin: str) -> str:
    file = Path(plugin) if plugin.endswith(".py") else _origin(plugin)
    if file is None or not file.is_file():
        return ""
    files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    digest = hashlib.sha256()
    for one in files:
        digest.update(sha256_of(one).encode())
    return digest.hexdigest()


def _origin(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def module_names(plugins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under which plugins are loaded as modules.

    >>> module_names(("lab/my_fusion.py", "lab.strategies"))
    ('my_fusion', 'lab.strategies')
    """
    return tuple(Path(plugin).stem if plugin.endswith(".py") else plugin for plugin in plugins)


def _run_file(path: Path) -> None:
    """Load a file as a module named like the file, so that ``"name:attribute"`` can be looked up later."""
    if path.stem in sys.modules:
        raise UserError(f"run.plugins: {path} has the same name as the module {path.stem!r}: rename the file")
    spec = spec_from_file_location(path.stem, path, loader=_Source(path.stem, str(path)))
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(f"run.plugins: there is no file {path}")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise


class _Source(SourceFileLoader):
    """A loader that always compiles the source, since cached bytecode may be stale after an edit in the same second."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

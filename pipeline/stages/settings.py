"""settings: check the settings file before anything runs with it."""

from dataclasses import asdict
from pathlib import Path

from common.atomic import write_text
from pipeline.run.keys.description import key_of
from pipeline.run.keys.results import plugins_key
from pipeline.settings.params import load_params
from pipeline.settings.plugins import plugin_keys

CHECKED = Path("data/work/settings.txt")
PLUGINS = Path("data/work/plugins.txt")
PAGE = Path("data/work/page.txt")


def checked(path: Path) -> str:
    """Check a settings file, write three files that other stages depend on, and return the sentence to print.

    The file settings.txt only says that the check succeeded, so it never changes. The file plugins.txt holds the key of
    the plugins' content, on which training and evaluation depend. The file page.txt holds the key of the report's
    settings: DVC could not track these as parameters, since it refuses a parameter that is missing, and older settings
    files have no block `report`.

    Raises
    ------
    UserError
        If the file is missing, or a name or a value in it is unknown or invalid.
    """
    params = load_params(path)
    for name in params.run.corpora:
        params.corpus(name)
    write_text(CHECKED, "The settings file can be used.\n")
    write_text(PLUGINS, plugins_key(plugin_keys(params.run.plugins)) + "\n")
    write_text(PAGE, key_of(asdict(params.report)) + "\n")
    return f"{path} can be used"

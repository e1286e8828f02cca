"""settings: check the settings file before anything runs with it."""

from pathlib import Path

from common.atomic import write_text
from pipeline.run.keys import plugins_key
from pipeline.settings.params import load_params
from pipeline.settings.plugins import plugin_keys

CHECKED = Path("data/work/settings.txt")
PLUGINS = Path("data/work/plugins.txt")


def checked(path: Path) -> str:
    """Check a settings file; return a sentence, always the same, that it can be used, and write it for DVC's stages.

    A second file holds the key of the plugins' content; training and scoring depend on it.

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
    return f"{path} can be used"

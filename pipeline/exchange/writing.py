"""Write a bundle in a format, so that the file appears whole or not at all, even if a plugin writes it."""

from pathlib import Path

from common.atomic import named, scratch_folder
from features.errors import StoreError
from pipeline.errors import UserError, failed, is_plugins, name_of
from pipeline.exchange.bundle import Bundle
from pipeline.exchange.registry import writer_of


def write_bundle(form: str, bundle: Bundle, path: Path) -> None:
    """Write a bundle to `path`. A plugin's format writes to a temporary path, which is renamed at the end.

    Raises
    ------
    UserError
        If the format or the plugin refuses to write, or the plugin fails or writes nothing. `path` is then unchanged.
    """
    write = writer_of(form)
    if not is_plugins(write):  # the formats of this program see to it themselves that a file appears whole
        write(bundle, path)
        return
    if path.is_dir():
        raise UserError(f"{path} is a folder that already exists: move it away, or choose another name")
    with named(path), scratch_folder(path.parent, f".{path.name[:40]}.", ".partial") as folder:
        made = folder / path.name
        try:
            write(bundle, made)
        except (UserError, StoreError):
            raise
        except OSError as error:
            if error.filename is not None and Path(str(error.filename)).is_relative_to(folder):
                error.filename = str(path)
            raise
        except Exception as error:  # a plugin may raise anything
            raise failed(write, error) from error
        if not made.exists():
            raise UserError(f"{name_of(write)} wrote nothing to the path that it was given: correct the plugin")
        made.replace(path)

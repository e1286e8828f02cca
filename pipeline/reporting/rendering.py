"""Fill in templates; the page contains its data, scripts and styles, so it is one file that loads nothing else."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from common.atomic import write_text
from pipeline.errors import counted

PLOTS_PAGE = "plots.html"

_HERE = Path(__file__).parent
_INSIDE_A_SCRIPT = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def render(file: str, **values: Any) -> str:
    """Fill in a template and return the result; all text except `Markup` is escaped.

    Parameters
    ----------
    file
        The name of the template in the folder ``templates``.
    values
        The values that the template names; a missing one raises `jinja2.UndefinedError`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals.update(asset=asset, json_script=json_script, chart_runtime=chart_runtime, counted=counted)
    return str(templates.get_template(file).render(**values))


def asset(name: str) -> Markup:
    """Return one of our own scripts or style sheets, for a ``script`` or ``style`` element."""
    return Markup((_HERE / "assets" / name).read_text(encoding="utf-8"))


@cache
def chart_runtime() -> Markup:
    """Return Vega, Vega-Lite and Vega-Embed as one script, so that charts need no network."""
    from vl_convert import javascript_bundle

    return Markup(javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def write_plots_page(folder: Path = Path(".dvc")) -> None:
    """Write the page template for `dvc plots show` into DVC's folder, if the folder exists and does not have one yet.

    The template contains the drawing library, so that the plots need no network. DVC finds it through its setting
    ``plots.html_template``.
    """
    if folder.is_dir() and not (path := folder / PLOTS_PAGE).exists():
        write_text(path, render(PLOTS_PAGE))


def json_script(name: str, value: Any) -> Markup:
    r"""Return data as a script element of JSON with `name` as its id; no text in the data can end the element.

    Numbers that JSON does not know, such as NaN, become null.

    >>> json_script("words", ["</script>", float("nan"), "\u2028"])
    Markup('<script type="application/json" id="words">["\\u003c/script\\u003e",null,"\\u2028"]</script>')
    """
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(plain_json(value)))


def plain_json(value: Any) -> str:
    """Return data as JSON that cannot end an HTML element; numbers that JSON does not know become null."""
    return json.dumps(_known(value), allow_nan=False, separators=(",", ":")).translate(_INSIDE_A_SCRIPT)


def _known(value: Any) -> Any:
    """Return data converted to plain lists, mappings and numbers, with None for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _known(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _known(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(one) for one in value]
    return value

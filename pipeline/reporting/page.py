"""The page: a corpus's table, its plots and confusion matrices, without outside parts."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import pandas as pd

from models.evaluation.metrics import Metric
from models.registry import strategy
from pipeline.evaluation.results import WHO, label_of, metrics_of, notices_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import is_there, require_written
from pipeline.training.current import page_mark

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } small { color: #666; } svg { max-width: 100%; }
"""


def page_of(name: str, table: pd.DataFrame, predictions: pd.DataFrame, corpus: CorpusParams, key: str) -> Iterator[str]:
    """Yield the lines of the page."""
    metrics = metrics_of(corpus)
    first = metrics[0].name
    yield f'<!doctype html><html lang="en"><meta charset="utf-8">{page_mark(key)}<title>{escape(name)}</title>'
    yield f"<style>{_STYLE}</style>"
    yield f"<h1>{escape(name)}</h1>"
    if corpus.note:
        yield f"<p><strong>{escape(corpus.note)}</strong></p>"
    yield f"<p>Protocol: {escape(corpus.protocol.kind)}. Intervals: 95 % bootstrap over whole groups.</p>"
    yield from (f"<p>Note: {escape(notice)}.</p>" for notice in notices_of(name))
    yield f"<h2>{escape(first)} with its interval</h2>"
    images = CorpusPaths(name).results / "images"
    yield _drawing(images / "forest.svg")
    if is_there(images / "robustness.svg"):
        yield f"<h2>{escape(first)} as utterances lose a modality</h2>"
        yield _drawing(images / "robustness.svg")
    if is_there(images / "attention.svg"):
        yield "<h2>What attention looks at</h2><p>Mean weight of each modality, and the middle 80 % of utterances.</p>"
        yield _drawing(images / "attention.svg")
    yield "<h2>All figures</h2>"
    yield from _figures(table, tuple(metric.name for metric in metrics))
    if corpus.task == "classification":
        yield "<h2>Confusion matrices</h2><p>Truth by row, prediction by column; all utterances.</p>"
        yield from _confusions(table[table["metric"] == first], predictions, metrics[0])
    yield "</html>"


def _drawing(path: Path) -> str:
    require_written(path)
    return path.read_text(encoding="utf-8")


def _figures(table: pd.DataFrame, names: tuple[str, ...]) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{escape(h)}</th>" for h in [*WHO, *names, "n"]) + "</tr>"
    for who, rows in table.groupby(WHO, sort=False):
        cells = [f"<td>{escape(str(part))}</td>" for part in who]
        by_name = rows.set_index("metric")
        for name in names:
            value, low, high = (by_name.at[name, column] for column in ("value", "low", "high"))
            interval = f"[{low:.3f}, {high:.3f}]" if pd.notna(low) else "[no interval: one group]"
            text = f"{value:.3f} <small>{interval}</small>" if pd.notna(value) else "undefined"
            cells.append(f'<td class="n">{text}</td>')
        yield f'<tr>{"".join(cells)}<td class="n">{rows["n"].iloc[0]}</td></tr>'
    yield "</table>"


def _confusions(rows: pd.DataFrame, predictions: pd.DataFrame, leading: Metric) -> Iterator[str]:
    """Show the best single modality and the best fusion."""
    fused = rows["modalities"].str.contains("+", regex=False)
    kinds = rows["strategy"].map(lambda name: strategy(name).kind)
    single = (rows["modalities"] != "") & ~fused & (kinds != "baseline")
    for title, part in (("Best single modality", rows[single]), ("Best fusion", rows[fused])):
        if part.empty:
            continue
        best = part.loc[part["value"].idxmax() if leading.higher_is_better else part["value"].idxmin()]
        mine = predictions[(predictions[WHO] == best[WHO]).all(axis=1)]
        counts = pd.crosstab(mine["truth"], mine["prediction"])
        classes = sorted(set(counts.index) | set(counts.columns))
        counts = counts.reindex(index=classes, columns=classes, fill_value=0)
        yield f"<h3>{title}: {escape(label_of(tuple(best[WHO])))}</h3><table><tr><th></th>"
        yield "".join(f"<th>{escape(str(c))}</th>" for c in classes) + "</tr>"
        for label in classes:
            yield (
                f"<tr><th>{escape(str(label))}</th>"
                + "".join(f'<td class="n">{n}</td>' for n in counts.loc[label])
                + "</tr>"
            )
        yield "</table>"

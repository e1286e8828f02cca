"""prepare: from a corpus as it lies on disk to one table of utterances, every fault named."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd

from pipeline.corpora.base import reader
from pipeline.errors import UserError
from pipeline.media import HashMemo
from pipeline.params import CorpusParams, Params
from pipeline.paths import CACHE, CorpusPaths
from pipeline.utterances import COLUMNS, Corpus, Problem, read_utterances, write_table

END_TOLERANCE_S = 0.5  # a container's stated length is often a little off its last sample
_SHOWN = 20


def prepare(params: Params, name: str) -> Sequence[Problem]:
    """Write utterances.csv and words.csv; return the warnings.

    Recordings that are missing or unreadable are warnings here: their utterances stay in the table and fail one by one
    later. Rows that contradict themselves are errors.

    Raises
    ------
    UserError
        If there is any error; it lists them.
    """
    corpus = gather(params.corpus(name))
    errors = [problem for problem in corpus.problems if problem.severity == "error"]
    if errors:
        more = f"\n... and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
        listed = "\n".join(str(problem) for problem in errors[:_SHOWN])
        raise UserError(f"{name}: {len(errors)} bad rows, nothing was written:\n{listed}{more}")
    paths = CorpusPaths(name)
    label = params.corpus(name).label
    extra = [c for c in corpus.utterances.columns if c not in COLUMNS and c not in (label, "line")]
    write_table(corpus.utterances[[*COLUMNS, label, *extra]], paths.utterances)
    write_table(corpus.words, paths.words)
    return corpus.problems


def gather(settings: CorpusParams) -> Corpus:
    """Read a corpus and look at its recordings: ends filled in, contents hashed, spans checked against lengths."""
    corpus = reader(settings.reader)(Path(settings.root), settings)
    wanted = {"audio", "video"} & set(settings.modalities)
    table, problems = _with_media(corpus.utterances, label_file(settings), bool(wanted))
    if "text" in settings.modalities and not (table["text"] != "").any() and corpus.words.empty:
        message = "no row has text, but the corpus's modalities name text: fill the column or take text out"
        problems.append(Problem("error", label_file(settings), None, message))
    problems += _outside(corpus.utterances, settings)
    order = {"error": 0, "failed": 1, "warning": 2}
    found = sorted([*corpus.problems, *problems], key=lambda p: (order[p.severity], str(p.file), p.line or 0))
    return replace(corpus, utterances=table, problems=found)


def _outside(table: pd.DataFrame, settings: CorpusParams) -> list[Problem]:
    """Say that DVC watches the corpus's folder, not recordings elsewhere."""
    root = Path(settings.root).resolve()
    away = {m for m in table["media"] if m and not Path(m).parent.resolve().is_relative_to(root)}
    if not away:
        return []
    message = (
        f"{len(away)} recordings lie outside {settings.root}, such as {min(away)}: `dvc repro` does not notice when "
        "they change (`crossmodal status` does); link them into the folder, or run `dvc repro --force` then"
    )
    return [Problem("warning", label_file(settings), None, message)]


def current(params: Params, name: str) -> bool:
    """Whether utterances.csv and words.csv still say what the corpus's label files say; recordings are not opened."""
    settings, paths = params.corpus(name), CorpusPaths(name)
    corpus = reader(settings.reader)(Path(settings.root), settings)
    stored = read_utterances(paths.utterances, settings.label)
    same = [c for c in corpus.utterances.columns if c not in ("line", "end", "duration", "media_sha256")]
    if any(c not in stored.columns for c in same) or len(stored) != len(corpus.utterances):
        return False
    fresh = pd.read_csv(StringIO(_csv(corpus.utterances[[*same, "end"]])), dtype=str, keep_default_na=False)
    kept = pd.read_csv(StringIO(_csv(stored[[*same, "end"]])), dtype=str, keep_default_na=False)
    known = fresh["end"] != ""  # an end that was left out was read from the recording
    ends = (fresh["end"][known].astype(float) - kept["end"][known].replace("", "nan").astype(float)).abs()
    words = paths.words.read_text(encoding="utf-8") if paths.words.exists() else ""
    return fresh[same].equals(kept[same]) and not (ends > END_TOLERANCE_S).any() and words == _csv(corpus.words)


def _csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def label_file(settings: CorpusParams) -> Path:
    """Return the file, or folder, that a corpus's rows come from."""
    return Path(settings.root) / "manifest.csv" if settings.reader == "manifest" else Path(settings.root)


def _with_media(table: pd.DataFrame, file: Path, wanted: bool) -> tuple[pd.DataFrame, list[Problem]]:
    """Fill `media_sha256` and `end`; a recording is opened once however many utterances it holds."""
    from pipeline.streams.decode import MediaError, probe

    table = table.copy()
    problems: list[Problem] = []
    memo = HashMemo(CACHE / "hashes.json")
    lengths: dict[str, float] = {}
    hashes: dict[str, str] = {}
    for media, line in table.groupby("media", sort=False)["line"].first().items():
        if not media:
            continue
        try:
            hashes[media] = memo.sha256(Path(media)) if Path(media).is_file() else ""
            lengths[media] = probe(Path(media)).duration_s
            if lengths[media] <= 0:
                raise MediaError(f"{media} lasts 0 seconds: record or copy it again")
        except (MediaError, OSError) as error:
            if wanted:
                problems.append(
                    Problem("failed", file, int(line), f"{error}; its audio and video will count as failed")
                )
    memo.save()
    table["media_sha256"] = table["media"].map(hashes).fillna("")
    length = table["duration"] = table["media"].map(lengths).astype(float)
    problems += _past_the_end(table, length, file)
    table["end"] = table["end"].fillna(length).where(length.isna(), table["end"].fillna(length).clip(upper=length))
    return table, problems


def _past_the_end(table: pd.DataFrame, length: pd.Series, file: Path) -> list[Problem]:
    problems = []
    for name, limit in (("start", 0.0), ("end", END_TOLERANCE_S)):
        for i in table.index[table[name] >= length + limit + (1e-9 if limit else -1e-9)]:
            message = f"{name} is {table.at[i, name]:g} s, but {table.at[i, 'media']} is only {length[i]:.2f} s long"
            problems.append(Problem("error", file, int(table.at[i, "line"]), message))
    return problems

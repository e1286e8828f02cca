"""Put an answer into sentences: the verdict, what each modality adds, what is missing, what to keep in mind."""

import math
from collections.abc import Iterator, Sequence

from models.evaluation.intervals import Interval
from models.wording import initials
from pipeline.errors import counted
from pipeline.evaluation.answer.facts import Answer, Compared, Gain, Measure, Measured, Modality
from pipeline.evaluation.formatting import p_equals, p_value

_MISSING = {
    ("text", "absent"): "without a transcript",
    ("text", "empty"): "without words",
    ("audio", "absent"): "without sound",
    ("audio", "empty"): "with silence only",
    ("video", "absent"): "without a picture",
    ("video", "empty"): "without a face",
}


def sentences(answer: Answer) -> list[str]:
    """Return the answer as whole sentences, the verdict first.

    Examples
    --------
    >>> sentences(Answer("talks", "Synthetic.", unanswered="there are no labels in talks, so nothing can be learnt"))
    ['There are no labels in talks, so nothing can be learnt.', 'Synthetic.']
    """
    if answer.measure is None:
        found = [f"{_capital(answer.unanswered)}."]
    else:
        found = [
            *_verdict(answer, answer.measure),
            *_baseline(answer, answer.measure),
            *unequal(answer),
            *_caution(answer),
            *_gains(answer, answer.measure),
        ]
        found += [*_missing(answer), *_flattered(answer)]
    return [*found, *([answer.note] if answer.note else [])]


def verdict(answer: Answer) -> str:
    """Return the first sentence of `sentences`."""
    return sentences(answer)[0]


def unequal(answer: Answer) -> list[str]:
    """Return a list with a sentence about the group that has more than half of the utterances; else an empty list."""
    if (one := answer.largest) is None:
        return []
    learnt = (
        "" if one.others is None else f"Models tested on it learn from at most {counted(one.others, 'utterance')}. "
    )
    never = (1 - 1 / answer.groups) ** answer.groups
    return [
        f"{one.utterances} of {counted(answer.utterances, 'utterance')} belong to one {answer.unit}, {one.group}. "
        f"{learnt}Resamples contain it once, several times or, in {100 * never:.0f} % of cases, not at all: intervals "
        f"and p say little about any other {answer.unit}."
    ]


def _verdict(answer: Answer, measure: Measure) -> Iterator[str]:
    single, fusion = answer.single, answer.fusion
    if fusion is None or single is None:
        yield from _of_one_kind(answer, measure)
        return
    best = "top" if answer.unranked else "best"
    if answer.better and not answer.unranked:
        shown = answer.better[0]
        yield f"Fusing helps. {_beside(shown, single, answer, measure)}."
        if shown.row != fusion.row:
            yield (
                f"The fusion with the best score is not shown to be better: {_scored(fusion.row, measure)}, "
                f"{p_equals(fusion.p_holm)} after correction."
            )
    elif not answer.decidable:
        yield _undecided(answer)
        yield f"The {best} fusion here is {_beside(fusion, single, answer, measure)}."
    elif answer.unranked:
        yield f"The top fusion is {_beside(fusion, single, answer, measure)}."
    else:
        worse = answer.worse == answer.fusions
        opening = "Fusing makes it worse." if worse else "It is not shown that fusing helps."
        yield f"{opening} The best fusion is {_beside(fusion, single, answer, measure)}."


def _undecided(answer: Answer) -> str:
    if answer.groups < 2:
        return f"With one {answer.unit} nothing can be decided: one says nothing about others."
    many = f"{counted(answer.groups, answer.unit)} and {counted(answer.fusions, 'fusion')}"
    least = p_value(answer.smallest_p)
    return f"With {many} nothing can be decided: p after correction cannot be below {least}."


def _of_one_kind(answer: Answer, measure: Measure) -> Iterator[str]:
    """Yield the verdict if no fusion, or no single modality, has a defined metric."""
    best = "top" if answer.unranked else "best"
    found = answer.single or (answer.fusion.row if answer.fusion else None)
    if found is None:
        yield f"{measure.name} is undefined for every row, so nothing can be concluded."
        return
    if "one_modality" in answer.caveats:
        yield f"There is no fusion to compare with. The {best} row of a single modality is {_scored(found, measure)}."
    else:
        yield f"There is nothing to compare with {_scored(found, measure)}."
    if answer.baseline is not None:
        yield f"The {best} baseline is {_scored(answer.baseline, measure)}."


def _beside(fusion: Compared, single: Measured, answer: Answer, measure: Measure) -> str:
    """Return a fusion compared with the best single modality: ``T+A+V by stacking: accuracy 80.0 %, 5.0 above ...``."""
    best = "top" if answer.unranked else "best"
    base = f"the {best} single modality, {single.words} ({_value(single.found.value, measure)})"
    p = f"; {p_equals(fusion.p_holm)} after correction over {counted(answer.fusions, 'fusion')}"
    tested = p if math.isfinite(fusion.p_holm) and answer.fusions > 1 else ""
    if math.isfinite(fusion.p_holm) and answer.fusions == 1:
        tested = f"; {p_equals(fusion.p_holm)}"
    return f"{_scored(fusion.row, measure)}, {_apart(fusion.difference, measure)} {base}{tested}"


def _baseline(answer: Answer, measure: Measure) -> Iterator[str]:
    """Yield a sentence if neither the best fusion nor the best single modality scores better than the best baseline."""
    if answer.baseline is None or answer.fusion is None or answer.single is None:
        return
    sign = 1 if measure.higher_is_better else -1
    learnt = max(sign * answer.fusion.row.found.value, sign * answer.single.found.value)
    if sign * answer.baseline.found.value >= learnt:
        best = "top" if answer.unranked else "best"
        yield f"No row scores better than the {best} baseline, {_scored(answer.baseline, measure)}."


def _caution(answer: Answer) -> Iterator[str]:
    if answer.unranked:
        yield (
            f"{_capital(answer.unranked)}, so no row is called best, and differences between rows may come from "
            "recognising people."
        )


def _gains(answer: Answer, measure: Measure) -> Iterator[str]:
    parts = [_added(names, gain, measure) for names, gain in answer.gains]
    if not parts:
        return
    best = "top" if answer.unranked else "best"
    where = ""
    if answer.full and answer.fusion and answer.full.configuration != answer.fusion.row.configuration:
        where = f"In {answer.full.words}, "
    yield f"{_capital(where + ', '.join(parts))}. Each modality is compared with the {best} row without it."
    full = answer.full.modalities if answer.full else ()
    lacking = [one.name for one in answer.modalities if one.gain is not None and not one.gain.others_fitted]
    if sets := [initials([m for m in full if m != name]) for name in lacking]:
        yield f"No fusion of {' or '.join(sets)} was fitted."


def _added(names: Sequence[str], gain: Gain, measure: Measure) -> str:
    """Return what modalities add: ``text adds 10.2 points [0.0, 30.0] (against A+V)``, or lower or raise."""
    value, several = gain.difference.value, len(names) > 1
    if measure.higher_is_better and not value < 0:
        verb, by, sign = "add", "", 1
    elif value == 0 or not math.isfinite(value):
        verb, by, sign = "change", f" {measure.name} by", 1
    else:
        verb, by, sign = ("raise", f" {measure.name} by", 1) if value > 0 else ("lower", f" {measure.name} by", -1)
    verb = f"together {verb}{by}" if several else f"{verb}s{by}"
    difference = _turned(gain.difference, sign, measure)
    return f"{' and '.join(names)} {verb} {difference} (against {initials(gain.without.modalities)})"


def _missing(answer: Answer) -> Iterator[str]:
    parts = [part for one in answer.modalities for part in _lacks(one)]
    if parts:
        yield f"Missing: {', '.join(parts)}, of {counted(answer.utterances, 'clip')}."


def _lacks(modality: Modality) -> Iterator[str]:
    for status in ("absent", "empty", "failed"):
        if count := modality.statuses.get(status, 0):
            how = _MISSING.get((modality.name, status), f"without {modality.name}")
            how = f"whose {modality.name} failed" if status == "failed" else how
            yield f"{counted(count, 'clip')} {how}"


def _flattered(answer: Answer) -> Iterator[str]:
    if "best_of_many" in answer.caveats and not answer.unranked:
        most = max(answer.singles, answer.fusions)
        yield f"The best of {most} rows is partly luck: expect it to do a little worse on new recordings."


def _scored(row: Measured, measure: Measure) -> str:
    unit = "" if measure.higher_is_better else " (lower is better)"
    return f"{row.words}: {measure.name}{unit} {_with_bounds(row.found, measure)}"


def _value(value: float, measure: Measure) -> str:
    if not math.isfinite(value):
        return "undefined"
    return f"{100 * value:z.1f} %" if measure.share else f"{value:z.3f}"


def _with_bounds(found: Interval, measure: Measure) -> str:
    bounds = f" [{_plain(found.low, measure)}, {_plain(found.high, measure)}]" if math.isfinite(found.low) else ""
    return f"{_value(found.value, measure)}{bounds}"


def _plain(value: float, measure: Measure) -> str:
    return f"{100 * value:z.1f}" if measure.share else f"{value:z.3f}"


def _apart(difference: Interval, measure: Measure) -> str:
    """Return a difference in words: ``10.0 points [2.5, 17.5] above``, or ``below`` if it is negative."""
    if not math.isfinite(difference.value):
        return "with an undefined difference from"
    below = difference.value < 0
    return f"{_turned(difference, -1 if below else 1, measure)} {'below' if below else 'above'}"


def _turned(difference: Interval, sign: int, measure: Measure) -> str:
    """Return a difference times `sign`, with its interval: ``10.0 points [2.5, 17.5]``."""
    if not math.isfinite(difference.value):
        return "an undefined amount"
    low, high = sorted((sign * difference.low, sign * difference.high))
    bounds = f" [{_plain(low, measure)}, {_plain(high, measure)}]" if math.isfinite(low) else ""
    unit = " points" if measure.share else ""
    return f"{_plain(sign * difference.value, measure)}{unit}{bounds}"


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"

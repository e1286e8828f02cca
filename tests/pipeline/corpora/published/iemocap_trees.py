"""Small copies of IEMOCAP."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.corpora.published.iemocap import read
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import load_params

PARAMS = """
run: {corpora: [iemocap]}
corpora:
  iemocap: {reader: iemocap, root: ROOT, task: classification, label: emotion4, modalities: [text, audio, video],
    protocol: {kind: leave-one-group-out, group: session}, metrics: [accuracy, uar, weighted_f1]}
"""


HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


RATERS = """C-E2:\tNeutral;\t()
C-E4:\tFrustration; Anger;\t(a comment, \u00e9)
C-F1:\tNeutral state;\t()
A-E3:\tval 3; act 2; dom  2;\t()
A-M1:\tval 3; act 2; dom  ;\t()

"""


Row = tuple[str, float, float, str]  # end of the name, start, end, code


# The lines of Ses01F_impro01, out of order as they may be; turns that were not evaluated are in TURNS only.
ROWS: Sequence[Row] = (
    ("M000", 1.6, 2.6, "exc"),
    ("F000", 0.4, 1.4, "hap"),
    ("F001", 3.0, 4.0, "xxx"),
    ("M001", 4.5, 5.0, "fru"),
    ("F002", 5.0, 6.0, "sur"),
    ("F003", 6.0, 6.5, "ang"),
)


TURNS = """Ses01F_impro01_M000 [001.6000-002.6000]: Hello [LAUGHTER] there.
Ses01F_impro01_F000 [000.4000-001.4000]: Where are  you\u2019re going?
M: [a line without name]
Ses01F_impro01_FXX0 [002.7000-002.9000]: Hm.
Ses01F_impro01_FXX0 [000.1000-000.3000]: Oh.
Ses01F_impro01_F001 [003.0000-004.0000]: No.
Ses01F_impro01_M001 [004.5000-005.0000]: Yes.
Ses01F_impro01_M009 [004.1000-004.2000]: Not evaluated.
Ses01F_impro01_F002 [005.0000-006.0000]: Oh!
Ses01F_impro01_F003 [006.0000-006.5000]: Stop.
"""


WDSEG = """\t SFrm  EFrm    SegAScr Word
\t    0     9    -123456 <s>
\t   10    29     -23456 THE(2)
\t   30    34      -3456 ++LAUGHTER++
\t   35    49      -3456 END
\t   50    59      -3456 <sil>
\t   60    99      -3456 </s>
 Total score:     -1234567
"""


def settings(root: Path, *modalities: str, label: str = "emotion4") -> CorpusParams:
    root.parent.mkdir(parents=True, exist_ok=True)
    root.with_suffix(".yaml").write_text(PARAMS.replace("ROOT", str(root)))
    corpus = load_params(root.with_suffix(".yaml")).corpus("iemocap")
    return replace(corpus, modalities=modalities or corpus.modalities, label=label)


def get(root: Path, *modalities: str, label: str = "emotion4") -> Corpus:
    return read(root, settings(root, *modalities, label=label))


def session_of(release: Path, dialogue: str) -> Path:
    return release / f"Session{dialogue[4]}"


def evaluation(dialogue: str, rows: Sequence[Row], scores: str = "2.5000, 3.0000, 5.5000") -> str:
    heads = (f"[{start:.4f} - {end:.4f}]\t{dialogue}_{who}\t{code}\t[{scores}]\n" for who, start, end, code in rows)
    return HEADER + "".join(head + RATERS for head in heads)


def dialogue(release: Path, name: str, rows: Sequence[Row] = (("F000", 1.0, 2.0, "neu"),), turns: str = "") -> None:
    """Write the two label files of a dialogue."""
    lines = turns or "".join(f"{name}_{who} [{s:08.4f}-{e:08.4f}]: Line of {who}.\n" for who, s, e, _ in rows)
    for folder, content in (("EmoEvaluation", evaluation(name, rows)), ("transcriptions", lines)):
        path = session_of(release, name) / "dialog" / folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def tree(root: Path) -> Path:
    """Make a release of two dialogues with all kinds of files that are not content."""
    release = root / "IEMOCAP_full_release"
    dialogue(release, "Ses01F_impro01", ROWS, TURNS)
    dialogue(release, "Ses02M_script01_1", [("F000", 0.0, 1.0, "neu"), ("M000", 1.0, 2.0, "sad")])
    folder = release / "Session1" / "dialog" / "EmoEvaluation"
    for below, name in (("Categorical", "e2_cat"), ("Attribute", "e3_atr"), ("Self-evaluation", "f1_atr")):
        (folder / below).mkdir()
        (folder / below / f"Ses01F_impro01_{name}.txt").write_text("Ses01F_impro01_F000 :Neutral state; ()\n")
    (folder / "._Ses01F_impro01.txt").write_bytes(b"\x00\x05\x16\x07")
    (root / "._IEMOCAP_full_release").write_bytes(b"\x00")
    return release


def wdseg(release: Path, utterance: str, content: str = WDSEG) -> None:
    name = utterance.rpartition("_")[0]
    path = session_of(release, name) / "sentences" / "ForcedAlignment" / name / f"{utterance}.wdseg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def cells(corpus: Corpus, column: str) -> dict[str, Any]:
    return dict(zip(corpus.utterances["utterance"], corpus.utterances[column], strict=True))

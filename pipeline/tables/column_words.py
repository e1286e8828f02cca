"""Find out from the words in a column's name which of our columns it stands for.

``utt_start_ms`` consists of an owner (``utt``), ``start`` and a unit, so it stands for ``start``. In ``start_year``,
``text_length`` and ``speaker_age``, one word fits no such pattern, so these names mean other things.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pipeline.tables.rules import trimmed


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_UNIT = _set("s sec secs second seconds ms msec msecs millisecond milliseconds frame frames sample samples")
_TIME = _set("time times timestamp timestamps timecode stamp ts t tm")
_OWNER = _set(
    "segment seg clip utterance utt sentence sent turn speech interval event video label phrase chunk span word"
)
_PIECE = _set("segment seg clip utterance utt turn interval chunk")
_NUMBER = _set("id ids name names no nr num number code key label")
_FILE = _set("file filename filepath path name url uri link location fname")
_BEGIN = _set("start starts begin begins beginning beg onset from xmin tmin t0")
_FINISH = _set("end ends ending stop stops finish offset to until till xmax tmax t1")
_IN = _set("in at of the position pos point")


@dataclass(frozen=True)
class _Name:
    """A pattern for names of a column: one core word, and the words that may or must stand before and after it."""

    cores: frozenset[str]
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    led: bool = False  # one of `before` must stand in front
    followed: bool = False  # one of `after` must follow

    def fits(self, words: tuple[str, ...]) -> bool:
        """Whether a name that consists of these words matches the pattern."""
        for i, word in enumerate(words):
            before, after = {*words[:i]}, {*words[i + 1 :]}
            if word in self.cores and before <= self.before and after <= self.after:
                return bool(before or not self.led) and bool(after or not self.followed)
        return False


_NAMES: Mapping[str, tuple[_Name, ...]] = {
    "start": (_Name(_BEGIN, _OWNER | _TIME, _UNIT | _TIME | _IN | _OWNER - {"word", "label"} | {"offset"}),),
    "end": (_Name(_FINISH, _OWNER | _TIME, _UNIT | _TIME | _IN | _OWNER - {"word", "label"} | {"offset"}),),
    "media": (
        _Name(
            _set("file filename filepath path video audio wav clip movie media recording"),
            _set("media video audio wav clip movie recording sound file full absolute relative"),
            _FILE,
        ),
    ),
    "sound": (
        _Name(_set("audio wav"), frozenset(), _FILE),
        _Name(_set("sound voice"), frozenset(), _FILE, followed=True),
    ),
    "sound_start": (
        _Name(_BEGIN | {"offset"}, _set("sound audio wav voice") | _TIME, _UNIT | _TIME | _IN | {"offset"}, led=True),
    ),
    "audio_track": (_Name(_set("audiostream soundtrack track")),),
    "audio_channel": (_Name(_set("channel soundchannel")),),
    "video_track": (_Name(_set("videostream")),),
    "duration": (
        _Name(_set("dur duration length"), _PIECE, _UNIT - _set("frame frames sample samples") | _PIECE | {"in", "of"}),
    ),
    "text": (
        _Name(
            _set("text texts transcript transcripts transcription transcriptions sentence sentences caption captions"
                 " subtitle subtitles asr"),
            _OWNER | _set("raw clean cleaned full original spoken asr transcript transcribed dialogue manual auto"),
            _set("text raw clean cleaned original"),
        ),
    ),
    "speaker": (
        _Name(_set("speaker speakers spk spkr spkid talker talkers subject participant person interviewee"),
              frozenset(), _NUMBER),
    ),
    "group": (_Name(_set("group groups grp"), frozenset(), _NUMBER),),
    "utterance": (
        _Name(_set("utterance utt id")),
        _Name(_set("utterance utt segment seg clip sentence sample"), frozenset(), _NUMBER, followed=True),
    ),
    "split": (
        _Name(_set("split splits partition subset"), _set("data dataset"), _NUMBER),
        _Name(_set("set"), frozenset(), _set("name")),
    ),
    "word": (_Name(_set("word words token tokens text label"), _set("spoken aligned"), _set("text name")),),
}  # fmt: skip
_LONGEST = 40  # longer words, in letters, are not split
_KNOWN = frozenset(
    word
    for names in _NAMES.values()
    for name in names
    for word in name.cores | name.before | name.after
    if len(word) > 2 or word in ("t", "s", "ms", "ts", "id", "t0", "t1")
)


def stands_for(name: str, column: str) -> bool:
    """Whether the name of a column stands for `column`, one of our columns.

    >>> stands_for("utt_start_ms", "start"), stands_for("StartTime", "start"), stands_for("start_year", "start")
    (True, True, False)
    >>> stands_for("talker", "speaker"), stands_for("speaker_age", "speaker"), stands_for("tstart", "start")
    (True, False, True)
    """
    words = words_of(name)
    return any(kind.fits(words) for kind in _NAMES.get(column, ()))


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name.

    >>> words_of("StartTime (ms)")
    ('start', 'time', 'ms')
    """
    parts = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", trimmed(name)))
    found: list[str] = []
    for part in parts:
        plain = part.casefold()
        if plain.isdigit() and found and found[-1] == "t":
            found[-1] += plain  # t_0
        else:
            found += _parts(plain) or (plain,)
    return tuple(found)


@cache
def _parts(word: str) -> tuple[str, ...]:
    """Split a compound such as ``starttime`` into as few known words as possible; empty if that is impossible."""
    if word in _KNOWN or len(word) > _LONGEST:
        return (word,) if word in _KNOWN else ()
    best: tuple[str, ...] = ()
    for cut in range(1, len(word)):
        rest = _parts(word[cut:]) if word[:cut] in _KNOWN else ()
        if rest and (not best or len(rest) + 1 < len(best)):
            best = (word[:cut], *rest)
    return best

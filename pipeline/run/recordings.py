"""Compute clips on a worker, one recording after the other; no recording may have changed since the run was planned."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from socket import gethostname

from features.store import Entry
from pipeline.errors import Changed, UserError
from pipeline.hashing import HashMemo, stamp_of
from pipeline.run.plans import Clip, Source
from pipeline.settings.paths import CACHE

Results = Iterator[tuple[int, Entry | Exception]]  # position of a clip, and its entry or the error


def each_recording(clips: Sequence[Clip], compute: Callable[[Sequence[Clip]], Results]) -> Results:
    """Yield the result of every clip; `compute` gets the clips of one recording at a time.

    If `compute` raises an exception, the remaining clips of this recording fail, and the next recording is computed.

    Raises
    ------
    Changed
        If a recording has changed since the clips' keys were made.
    UserError
        If `compute` raises it, since a `UserError` is not about a recording.
    """
    position = {id(clip): i for i, clip in enumerate(clips)}
    memo = HashMemo(CACHE / "hashes.json")
    for part in by_recording(clips).values():
        left = set(range(len(part)))
        try:
            checks = [_sameness(source, memo) for source in _files(part)]
            for i, result in compute(part):
                for require_same in checks:
                    require_same()
                left.discard(i)
                yield position[id(part[i])], result
        except UserError:
            raise
        except Exception as error:  # any error of a codec
            yield from ((position[id(part[i])], error) for i in sorted(left))


def by_recording(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Return the clips of each recording, keyed by the path of the recording."""
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        found.setdefault(clip.payload.path, []).append(clip)
    return found


def _files(clips: Sequence[Clip]) -> list[Source]:
    """Return a source for each file that the clips of a recording need: the recording, and separate files of voices."""
    sources = [clips[0].payload, *(clip.payload.voice for clip in clips if clip.payload.voice is not None)]
    return list({source.path: source for source in reversed(sources)}.values())


def _sameness(source: Source, memo: HashMemo) -> Callable[[], None]:
    """Check that a recording is the one with which the run was planned; return a function that checks this again.

    The returned function raises `Changed` if the recording has been replaced, and OSError if it has been removed. A
    recording that is missing from the start is not an error here, since reading it will fail with a message.

    Raises
    ------
    Changed
        If the recording has been replaced since the run was planned.
    """
    path = Path(source.path)
    changed = Changed(
        f"{source.media} is not the recording that this run was planned with: run `crossmodal prepare` for this corpus "
        f"again, and give all workers the same files (this one was read on {gethostname()})"
    )
    try:
        before = stamp_of(path)
        if before != source.content.stamp and memo.sha256(path) != source.content.sha256:
            raise changed
    except OSError:
        before = ""  # reading it will fail with a message

    def check() -> None:
        if before and stamp_of(path) != before:
            raise changed

    check()
    return check

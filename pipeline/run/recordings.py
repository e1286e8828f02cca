"""Clips of recordings, on a worker: each recording is decoded once, and is the one that the run was planned with."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from socket import gethostname

from features.store import Entry
from pipeline.errors import Changed, UserError
from pipeline.hashing import HashMemo, stamp_of
from pipeline.run.plans import Clip, Source
from pipeline.settings.paths import CACHE

Results = Iterator[tuple[int, Entry | Exception]]  # position of a clip, and its entry or why it failed


def each_recording(clips: Sequence[Clip], compute: Callable[[Sequence[Clip]], Results]) -> Results:
    """Yield the result of every clip, computed from the clips of one recording after the other.

    An exception fails what is left of its recording, but not the next one.

    Raises
    ------
    Changed
        If a recording is not the one in the clips' keys.
    UserError
        If `compute` raises it, since it does not concern a recording.
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
    """Return the files that the clips of a recording are read from, each once: it, and those that hold their voices."""
    sources = [clips[0].payload, *(clip.payload.voice for clip in clips if clip.payload.voice is not None)]
    return list({source.path: source for source in reversed(sources)}.values())


def _sameness(source: Source, memo: HashMemo) -> Callable[[], None]:
    """Return a check that a recording is still the planned one; a missing recording fails when it is read.

    Raises
    ------
    Changed
        If it has already been replaced; the check raises it too.
    OSError
        By the check, if the recording is missing.
    """
    path = Path(source.path)
    changed = Changed(
        f"{source.media} is not the recording that this run was planned with: run `crossmodal prepare` for this corpus "
        f"again, and give all workers the same files (this one was read on {gethostname()})"
    )
    try:
        before = stamp_of(path)
        if memo.sha256(path) != source.sha256:
            raise changed
    except OSError:
        before = []  # reading it will fail with a message

    def check() -> None:
        if before and stamp_of(path) != before:
            raise changed

    check()
    return check

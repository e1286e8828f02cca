"""Plan the previews of a corpus, compute them on workers, and read them from the cache one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from features.store import Store, open_store
from pipeline.reporting.utterance.preview import PROGRAM, Preview, PreviewStep
from pipeline.run.cache import ClipCache
from pipeline.run.clips import run_step
from pipeline.run.keys.utterance import preview_key, preview_program
from pipeline.run.plans import Clip, Source, stream_clips
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths


@dataclass(frozen=True)
class Previews:
    """The previews of a corpus.

    Attributes
    ----------
    keys
        For each utterance that has a preview, its key in the cache.
    why
        For each utterance that has a recording but no preview, the reason.
    """

    keys: Mapping[str, str]
    why: Mapping[str, str]

    def of(self, utterance: str) -> Preview | None:
        """Return the preview of an utterance; None if there is none."""
        key = self.keys.get(utterance)
        entry = ClipCache(CACHE, "preview").get(key) if key else None
        return Preview.of(entry) if entry else None


def previews(params: Params, name: str, pool: Pool, *, pictures: bool, only: str | None = None) -> Previews:
    """Make the previews of a corpus; those already in the cache are reused.

    Parameters
    ----------
    params, name, pool
        The settings, the name of the corpus, and the workers that make the previews.
    pictures
        Whether to make clips and pictures of faces.
    only
        The only utterance to make a preview of; None for all utterances.

    Raises
    ------
    UserError
        If a recording is not the one that `prepare` saw.
    """
    paths = CorpusPaths(name)
    stores = tuple((m, str(path.resolve())) for m in ("audio", "video") if (path := paths.stream(m)).exists())
    config = params.streams["audio"], params.streams["video"]
    step = PreviewStep(*config, stores, pictures, params.run.plugins)
    clips = _planned(params, name, step, only)
    if not clips:
        return Previews({}, {})
    report = run_step(step, clips, pool, CACHE)
    failed = {one.utterance: one.note for one in report.outcomes if one.status == "failed"}
    return Previews({one.utterance: one.key for one in clips if one.utterance not in failed}, failed)


def _planned(params: Params, name: str, step: PreviewStep, only: str | None) -> list[Clip]:
    """Return the utterances that have a recording, each with the key of its preview."""
    own = replace(params, corpora={name: replace(params.corpus(name), modalities=("text", "audio", "video"))})
    heard, seen = (
        {one.utterance: one for one in stream_clips(own, name, m, trust_missing=True)} for m in ("audio", "video")
    )
    digests = {m: _digests(Path(path)) for m, path in step.stores}
    program, planned = preview_program(PROGRAM, step.pictures), []
    for utterance, picture in seen.items():
        sound = heard[utterance]
        if not isinstance(picture, Clip) or not isinstance(sound, Clip) or only not in (None, utterance):
            continue
        source: Source = replace(picture.payload, voice=sound.payload)
        streams = [digests[m].get(utterance, "") if m in digests else "" for m in ("audio", "video")]
        key = preview_key(program, (sound.key, picture.key), streams)
        planned.append(Clip(utterance, key, source))
    return planned


def _digests(path: Path) -> dict[str, str]:
    with open_store(path) as store:
        return {name: _digest(store, i) for i, name in enumerate(store.utterances)}


def _digest(store: Store, i: int) -> str:
    return store.digest_of(i) + store.statuses[i]

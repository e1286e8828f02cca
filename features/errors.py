"""Why a stream or a feature cannot be made; each error carries one sentence for the user."""


class NoStream(Exception):
    """The recording has no such stream (no audio track, no picture, no transcript): status ``absent``."""


class EmptyInput(Exception):
    """The stream is there but holds nothing to measure (silence, no face, no words): status ``empty``."""


class ExtractorError(ValueError):
    """A setting or a weights file that an extractor cannot work with."""


class StoreError(ValueError):
    """A feature store that is damaged, of another format version, or not a store at all."""

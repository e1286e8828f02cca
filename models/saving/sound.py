"""Whether an object that came from a file can be used safely: its parts must fit one another.

What its arrays look like is `models.saving.shapes`'; what binds one part to another is `models.saving.sound_own`'s and
`models.saving.sound_libraries`'.
"""

from typing import Any

from models.errors import ModelError
from models.saving import sound_libraries, sound_own
from models.saving.shapes import check_shapes

_MOST_JOBS = 256
_RULES = {**sound_libraries.RULES, **sound_own.RULES}


def check(part: Any) -> None:
    """Check an object that was just built.

    Raises
    ------
    ModelError
        If using it could crash the process, never end, or need more memory than its file.
    """
    jobs = vars(part).get("n_jobs")
    if jobs is not None and not (type(jobs) is int and abs(jobs) <= _MOST_JOBS):
        raise ModelError(f"its {type(part).__name__} wants {jobs!r:.60} jobs at once")
    check_shapes(part)
    for kind in type(part).__mro__:
        rule = _RULES.get(f"{kind.__module__}.{kind.__name__}")
        if rule is not None and vars(part):
            rule(part)

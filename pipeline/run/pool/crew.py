"""Find the workers of a cluster that may get work: they have the same code, libraries and files as this process."""

import asyncio
import re
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.foreign import printable
from pipeline.run.pool.fingerprint import differences, fingerprint
from pipeline.settings.paths import CACHE

_LOOK_S = 1.0  # time between two looks at the list of workers
_AGAIN_S = 30.0  # a refused worker is checked again after this time, as its address may belong to a new process by then
_ANSWER_S = 30.0  # a worker that has just started imports everything first, which takes long on a busy machine
_NAMED = 3


class Crew:
    """Keeps track of a cluster's workers, and checks each new one before it gets work.

    Attributes
    ----------
    approved
        Addresses of the workers that may get work.
    pool
        A random name, by which approved processes recognise the crew.
    """

    def __init__(self, client: Any, plugins: tuple[str, ...] = ()) -> None:
        self.approved: set[str] = set()
        self.pool = secrets.token_hex(16)
        self._client, self._plugins, self._wanted = client, plugins, fingerprint(plugins)
        self._refused: dict[str, tuple[float, str]] = {}
        self._looked = float("-inf")

    def look(self) -> None:
        """Update `approved`, the workers that may get work; if there are any, this is done at most once a second.

        Raises
        ------
        UserError
            If the scheduler is gone.
        """
        if time.monotonic() - self._looked < _LOOK_S and self.approved:
            return
        self.require_scheduler()
        present = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self.require_scheduler()
        now = time.monotonic()
        self.approved &= present
        waiting = {a for a, (checked, _) in self._refused.items() if a in present and now - checked < _AGAIN_S}
        if fresh := sorted(present - self.approved - waiting):
            self._ask(fresh)
        self._refused = {a: why for a, why in self._refused.items() if a in present and a not in self.approved}
        self._looked = time.monotonic()

    def require_scheduler(self) -> None:
        """Raise `UserError` if the connection to the scheduler is lost."""
        if self._client.status != "running":
            raise self.lost()

    def lost(self) -> UserError:
        """Return the error for a lost scheduler."""
        return UserError(
            "the connection to the Dask scheduler was lost. What was computed is kept: start the cluster again, and "
            "run the same command again to continue"
        )

    def forget(self, address: str = "") -> None:
        """Withdraw the approval of a worker (if an address is given), and let the next `look` list the workers anew."""
        self.approved.discard(address)
        self._looked = float("-inf")

    @property
    def refusal(self) -> str:
        """A sentence that says why no worker may get work."""
        if not self._refused:
            return "there is no worker"
        reasons: dict[str, list[str]] = {}
        for address, (_, why) in sorted(self._refused.items()):
            reasons.setdefault(why, []).append(address)
        return "; ".join(f"{_listed(addresses)}: {why}" for why, addresses in reasons.items())

    @property
    def all_refused(self) -> bool:
        """Whether there are workers but none may get work."""
        return bool(self._refused) and not self.approved

    def _ask(self, addresses: Sequence[str]) -> None:
        with _probe() as (probe, content):
            arguments = (self._wanted, self._plugins, str(probe), content, self.pool)
            answers = self._client.sync(self._answers, addresses, arguments)
        for address, answer in zip(addresses, answers, strict=True):
            if answer == []:
                self.approved.add(address)
                continue
            why = " ".join("; ".join(map(str, answer)).split()) if isinstance(answer, list) else _reason(answer)
            known = self._refused.get(address)
            self._refused[address] = (time.monotonic(), why)
            if known is None or known[1] != why:
                sys.stderr.write(f"{printable(f'The worker {address} gets no work: {why}')}\n")

    async def _answers(self, addresses: Sequence[str], arguments: tuple[Any, ...]) -> list[Any]:
        return await asyncio.gather(*(self._answer(a, arguments) for a in addresses), return_exceptions=True)

    async def _answer(self, address: str, arguments: tuple[Any, ...]) -> Any:
        answers = self._client.run(differences, *arguments, workers=[address], on_error="return")
        return (await asyncio.wait_for(answers, _ANSWER_S)).get(address, TimeoutError())


@contextmanager
def _probe() -> Iterator[tuple[Path, str]]:
    """Write a file of random content to the cache folder; a worker that can read it sees the same files.

    Yield the path and the content.
    """
    path, content = CACHE.resolve() / f".probe.{secrets.token_hex(8)}.partial", secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_text(content, encoding="utf-8")
        yield path, content
    finally:
        path.unlink(missing_ok=True)


def _reason(error: Any) -> str:
    if isinstance(error, ImportError | AttributeError) or re.match(
        "(ModuleNotFound|Import|Attribute)Error", str(error)
    ):
        return f"it has no crossmodal, or a different version ({error})"
    if isinstance(error, TimeoutError):
        return f"it did not answer within {_ANSWER_S:g} s"
    return " ".join(str(error).split()) or type(error).__name__


def _listed(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return ", ".join(addresses[:_NAMED]) + more

"""Connect to a running Dask scheduler, and wait until it has a worker; if either fails, say why."""

import asyncio
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipeline.errors import UserError
from pipeline.foreign import printable

_ANSWER_S = 20  # how long a scheduler may take to answer
_WORKERS_S = 30  # how long the first worker may take to join
_SAME = ("python", "dask", "distributed")


def connect(address: str) -> Any:
    """Return a client of the scheduler at an address once it has a worker; credentials come from Dask's settings.

    Raises
    ------
    UserError
        If nothing answers, if something other than a scheduler answers, or if no worker joins.
    """
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    try:
        with ThreadPoolExecutor(1) as thread:  # in a thread of its own, since this thread may already run an event loop
            kind = thread.submit(asyncio.run, _kind(address)).result()
        if kind != "Scheduler":
            raise UserError(
                f"{address} is the address of a Dask {kind.lower()}, not of a scheduler: give the scheduler's address"
            )
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)  # reported below, in one sentence
        client = Client(address, timeout=_ANSWER_S, set_as_default=False)
    except UserError:
        raise
    except Exception as error:  # an error in the address, what listens there, or Dask's TLS settings
        raise UserError(
            f"no Dask cluster answers at {address} ({_reason(error)}): start one with `dask scheduler` and `dask "
            "worker`, check Dask's TLS settings if it is encrypted, or leave --scheduler out"
        ) from error
    _remark_versions(client, address)
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except TimeoutError:
        client.close(timeout=1)
        raise UserError(
            f"no worker has joined the Dask scheduler at {address} within {_WORKERS_S} s: start one with `dask worker "
            f"{address}`"
        ) from None
    return client


async def _kind(address: str) -> str:
    """Return the kind of Dask process at an address, such as ``Scheduler``; raise `TimeoutError` if nothing answers."""
    from distributed.core import rpc
    from distributed.security import Security

    async with asyncio.timeout(_ANSWER_S):
        async with rpc(address, timeout=_ANSWER_S / 2, connection_args=Security().get_connection_args("client")) as it:
            return str((await it.identity())["type"])


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"nothing that speaks Dask's protocol answered within {_ANSWER_S} s"
    causes = [error, *([error.__cause__] if error.__cause__ else [])]
    return "; ".join(" ".join(str(cause).split()) or type(cause).__name__ for cause in causes)


def _remark_versions(client: Any, address: str) -> None:
    """Print which versions of Python and Dask differ between the scheduler and this process, if any do."""
    from distributed.versions import get_versions

    sides = (get_versions(), client.sync(client.scheduler.versions, packages=[]))
    here, there = ({**side["host"], **side["packages"]} for side in sides)
    other = [f"{name} {there.get(name)} (here {here[name]})" for name in _SAME if there.get(name) != here.get(name)]
    if other:
        message = " ".join(
            f"The Dask scheduler at {address} has {', '.join(other)}: if the run hangs, use the same versions".split()
        )
        sys.stderr.write(f"{printable(message)}\n")

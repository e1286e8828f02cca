"""Two hosts on one machine: network namespaces joined by a virtual cable, with the same files and processors."""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack

ADDRESSES = ("10.0.0.1", "10.0.0.2")
_HOLDER = ("sh", "-c", "echo ready; exec cat")  # ends with the process that started it, which closes its input
_CABLE = (
    "ip link set lo up; ip link add cable type veth peer name cable netns {pid}; "
    "ip address add {address}/24 dev cable; ip link set cable up"
)
_OTHER_END = "ip link set lo up; ip address add {address}/24 dev cable; ip link set cable up"


class Hosts:
    """Two hosts with one address each, which exist during a `with` block.

    They are in their own user namespace, so the network of this machine does not change, and no special rights are
    needed if users may make namespaces.
    """

    def __enter__(self) -> "Hosts":
        self._ending = ExitStack()
        try:
            self._holders = [self._held("unshare", "--user", "--map-root-user", "--net")]
            self._holders.append(self._held(*self.on(0), "unshare", "--net"))
            self._run(0, _CABLE.format(pid=self._holders[1].pid, address=ADDRESSES[0]))
            self._run(1, _OTHER_END.format(address=ADDRESSES[1]))
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.close()

    def on(self, host: int) -> tuple[str, ...]:
        """Return the beginning of a command line that runs a command on the first (0) or second (1) host."""
        return ("nsenter", "--target", str(self._holders[host].pid), "--user", "--net", "--preserve-credentials")

    def cut(self) -> None:
        """Cut the cable: data no longer pass, but connections are not closed, as when a host loses power."""
        self._run(1, "ip link set cable down")

    def _held(self, *command: str) -> "subprocess.Popen[bytes]":
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        holder = self._ending.enter_context(subprocess.Popen([*command, *_HOLDER], **pipes))  # type: ignore[call-overload]
        self._ending.callback(holder.kill)
        if holder.stdout.readline() != b"ready\n":
            raise OSError(f"no network namespace can be made: {holder.stderr.read().decode().strip()}")
        return holder  # type: ignore[no-any-return]

    def _run(self, host: int, script: str) -> None:
        command: Sequence[str] = (*self.on(host), "sh", "-ec", script)
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise OSError(f"the hosts cannot be connected: {ended.stderr.strip()}")


def missing() -> str | None:
    """Return the reason why `Hosts` cannot be made on this machine, or None if they can."""
    if absent := [program for program in ("unshare", "nsenter", "ip") if shutil.which(program) is None]:
        return f"{', '.join(absent)}: not installed"
    try:
        with Hosts():
            return None
    except OSError as error:
        return str(error)

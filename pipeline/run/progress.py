"""One line that says how far a step is: rewritten in place on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import TextIO

_QUIET_SECONDS = 10.0


class Progress:
    """Counts clips and shows done, rate, failures and time left on standard error; nothing where `quiet`."""

    def __init__(
        self,
        label: str,
        total: int,
        cached: int = 0,
        *,
        unit: str = "clips",
        out: TextIO | None = None,
        quiet: bool = False,
    ) -> None:
        self.label, self.total, self.cached, self.unit = label, total, cached, unit
        self.done = self.failed = 0
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._quiet = quiet
        self._begin = self._shown = time.monotonic()

    def step(self, *, failed: bool = False) -> None:
        """Count one clip and show the line when it is time to."""
        self.done += 1
        self.failed += failed
        now = time.monotonic()
        if not self._quiet and now - self._shown >= (0.2 if self._live else _QUIET_SECONDS):
            self._shown = now
            self._show()

    def close(self) -> None:
        """Show the last line."""
        if self._quiet:
            return
        self._show()
        if self._live:
            self._out.write("\n")
            self._out.flush()

    def line(self) -> str:
        """Return the line as it stands."""
        rate = self.done / max(time.monotonic() - self._begin, 1e-9)
        parts = [f"{self.label}: {self.done + self.cached}/{self.total} {self.unit}"]
        if self.unit == "clips":
            parts.append(f"{self.cached} from the cache")
        if self.done:
            parts.append(f"{rate:.1f}/s")
        if self.unit == "clips":
            parts.append(f"{self.failed} failed")
        left = self.total - self.cached - self.done
        if left and self.done:
            parts.append(f"{left / rate:.0f} s left")
        return ", ".join(parts)

    def _show(self) -> None:
        self._out.write(f"\r\x1b[K{self.line()}" if self._live else f"{self.line()}\n")
        self._out.flush()

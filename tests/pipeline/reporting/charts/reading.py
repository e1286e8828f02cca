"""What a Vega-Lite specification of Altair draws."""

from typing import Any


def values(spec: dict[str, Any], layer: int | None = None) -> list[dict[str, Any]]:
    """Return the rows that a chart, or one of its layers, draws: Altair keeps them beside it, by name."""
    drawn = spec if layer is None or "data" not in spec["layer"][layer] else spec["layer"][layer]
    found: list[dict[str, Any]] = spec["datasets"][drawn["data"]["name"]]
    return found

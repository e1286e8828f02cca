"""Run mediapipe models that follow a face or a body from picture to picture, and restart them for every clip.

Such a model is a graph of calculators. If something was found in the previous picture, the model looks there again;
otherwise it runs a detector. mediapipe can switch this behaviour off only for all pictures together. Here the switch is
an input of each picture, so that the first picture of a clip never depends on the previous clip.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from features.video.images import Picture, load_mediapipe, quiet_stderr

_SWITCH = "use_prev_landmarks"  # mediapipe's switch, which applies to the whole graph
_INPUT = "follow"  # our switch, an input of each picture


class Tracker:
    """A mediapipe graph that reads pictures clip by clip.

    Parameters
    ----------
    solution
        The module of ``mediapipe.solutions`` that knows the graph's calculators.
    graph
        Path of the graph's file in mediapipe's folder `modules`, without its extension.
    output
        Name of the output stream to read for each picture.
    side_inputs, options
        Settings of the graph, and settings of calculators in it.
    """

    def __init__(
        self, solution: str, graph: str, output: str, side_inputs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        mediapipe = load_mediapipe()
        import_module(f"mediapipe.python.solutions.{solution}")
        base = import_module("mediapipe.python.solution_base").SolutionBase
        path = Path(mediapipe.__file__).parent / "modules" / f"{graph}.binarypb"
        with quiet_stderr():
            self._graph = base(
                graph_config=_switched_per_picture(path.read_bytes()),
                side_inputs=dict(side_inputs),
                calculator_params=dict(options),
                outputs=[output],
            )
            self._output = output
            self._found(np.zeros((256, 256, 3), np.uint8), follow=False)

    def follow(self, pictures: Sequence[Picture]) -> Iterator[Any]:
        """Yield the output for each picture of one clip, in order; None if nothing is found in a picture."""
        for place, picture in enumerate(pictures):
            yield self._found(picture, follow=place > 0)

    def _found(self, picture: Picture, *, follow: bool) -> Any:
        found = self._graph.process({"image": picture, _INPUT: follow})
        return getattr(found, self._output) or None


def _switched_per_picture(graph: bytes) -> Any:
    """Return a graph in which an input stream, not a side packet, switches the following on and off."""
    config = import_module("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
    config.ParseFromString(graph)
    gates = [node for node in config.node if f"ALLOW:{_SWITCH}" in node.input_side_packet]
    for node in gates:
        node.input_side_packet.remove(f"ALLOW:{_SWITCH}")
        node.input_stream.append(f"ALLOW:{_INPUT}")
    config.input_side_packet.remove(f"{_SWITCH.upper()}:{_SWITCH}")
    config.input_stream.append(_INPUT)
    return config

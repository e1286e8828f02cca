"""Models of mediapipe that follow a face or a body from picture to picture, and start anew with every clip.

Such a model is a graph of calculators: a detector runs where nothing was found in the picture before; otherwise what
was found there says where to look. Mediapipe can switch this off for all pictures only. Here the switch is an input of
each picture, so that the first one of a clip never depends on the clip before.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from features.video.images import Picture, load_mediapipe, quiet_stderr

_SWITCH = "use_prev_landmarks"  # of the whole graph in mediapipe
_INPUT = "follow"  # of a picture here


class Tracker:
    """A graph of mediapipe, whose pictures come clip by clip.

    Parameters
    ----------
    solution
        The module of ``mediapipe.solutions`` that knows the graph's calculators.
    graph
        Path of the graph below mediapipe's modules, without its ending.
    output
        The stream that is wanted of each picture.
    side_inputs, options
        Settings of the graph, and of calculators in it.
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
        """Yield what is found in each picture of one clip, in order; None where nothing is."""
        for place, picture in enumerate(pictures):
            yield self._found(picture, follow=place > 0)

    def _found(self, picture: Picture, *, follow: bool) -> Any:
        found = self._graph.process({"image": picture, _INPUT: follow})
        return getattr(found, self._output) or None


def _switched_per_picture(graph: bytes) -> Any:
    """Return a graph in which following is switched by an input stream instead of a side packet."""
    config = import_module("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
    config.ParseFromString(graph)
    gates = [node for node in config.node if f"ALLOW:{_SWITCH}" in node.input_side_packet]
    for node in gates:
        node.input_side_packet.remove(f"ALLOW:{_SWITCH}")
        node.input_stream.append(f"ALLOW:{_INPUT}")
    config.input_side_packet.remove(f"{_SWITCH.upper()}:{_SWITCH}")
    config.input_stream.append(_INPUT)
    return config

"""Run mediapipe models that follow a face or a body from picture to picture, and restart them for every clip.

If such a model found something in the previous picture, it looks there again; otherwise it runs a detector. In
mediapipe, looking there can be turned off only for all pictures together. This module turns it off for the first
picture of each clip alone, so that the results of a clip never depend on the previous clip.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from features.video.images import Picture, load_mediapipe, quiet_stderr, run_graph

_SWITCH = "use_prev_landmarks"  # mediapipe's switch, which applies to the whole graph
_FOLLOW = "follow"  # our switches, inputs of each picture: look where something was found in the previous one
_DETECT = "detect"  # run the detector where nothing is followed


class Tracker:
    """A mediapipe graph that reads pictures clip by clip.

    Parameters
    ----------
    solution
        The module of ``mediapipe.solutions`` that registers the graph's calculators.
    graph
        Path of the graph's file in mediapipe's folder `modules`, without its extension.
    output
        Name of the output stream to read for each picture.
    read
        Function that reads a packet of this stream (`images.message`, `images.serialized_list`).
    side_inputs, options
        Settings of the graph, and settings of calculators in it.
    searched
        Name of the stream that the graph's detector reads, if the graph smooths its results over pictures. Only a
        picture in which nothing is found resets the smoothing. Therefore, the first picture of each clip is run twice,
        the first time with the detector switched off.
    """

    def __init__(
        self,
        solution: str,
        graph: str,
        output: str,
        read: Callable[[Any], Any],
        side_inputs: Mapping[str, Any],
        options: Mapping[str, Any],
        *,
        searched: str = "",
    ) -> None:
        mediapipe = load_mediapipe()
        import_module(f"mediapipe.python.solutions.{solution}")
        base = import_module("mediapipe.python.solution_base").SolutionBase
        path = Path(mediapipe.__file__).parent / "modules" / f"{graph}.binarypb"
        with quiet_stderr():
            self._graph = base(
                graph_config=_switched_per_picture(path.read_bytes(), searched),
                side_inputs=dict(side_inputs),
                calculator_params=dict(options),
                outputs=[output],
            )
            self._output, self._read, self._smooths = output, read, bool(searched)
            self._found(np.zeros((256, 256, 3), np.uint8), follow=False)

    def follow(self, pictures: Sequence[Picture]) -> Iterator[Any]:
        """Yield what `read` returns for each picture of one clip, in order; None if nothing is found in a picture."""
        for place, picture in enumerate(pictures):
            if self._smooths and not place:
                self._found(picture, follow=False, detect=False)
            yield self._found(picture, follow=place > 0)

    def _found(self, picture: Picture, *, follow: bool, detect: bool = True) -> Any:
        switches = {_FOLLOW: follow} | ({_DETECT: detect} if self._smooths else {})
        found = run_graph(self._graph, {"image": picture} | switches, self._output)
        return None if found is None else self._read(found)


def _switched_per_picture(graph: bytes, searched: str) -> Any:
    """Return the graph with an input stream that says for each picture whether to follow what was found before.

    If `searched` is not empty, a second input stream switches the detector on or off for each picture.
    """
    config = import_module("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
    config.ParseFromString(graph)
    gates = [node for node in config.node if f"ALLOW:{_SWITCH}" in node.input_side_packet]
    for node in gates:
        node.input_side_packet.remove(f"ALLOW:{_SWITCH}")
        node.input_stream.append(f"ALLOW:{_FOLLOW}")
    config.input_side_packet.remove(f"{_SWITCH.upper()}:{_SWITCH}")
    config.input_stream.append(_FOLLOW)
    if searched:
        (source,) = (node for node in config.node if searched in node.output_stream)
        source.output_stream[list(source.output_stream).index(searched)] = f"all_{searched}"
        config.node.add(
            calculator="GateCalculator",
            input_stream=[f"all_{searched}", f"ALLOW:{_DETECT}"],
            output_stream=[searched],
        )
        config.input_stream.append(_DETECT)
    return config

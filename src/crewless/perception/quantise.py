"""The recogniser's pointwise convolutions in 8 bits, where the processor multiplies those twice as fast.

Ninety per cent of the recogniser's time goes into 1 x 1 convolutions. Their weights are rounded to 255 levels a channel and
their inputs to 256 levels between bounds that were seen on calibration texts; OpenVINO's CPU plug-in then runs them with
8-bit dot products (VNNI). Everything else stays as it was.

The bounds ship in ``data/recogniser_ranges.json``; ``python -m crewless.perception.calibrate`` makes them anew.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

RANGES = Path(__file__).with_name("data") / "recogniser_ranges.json"


def can_multiply_bytes(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has 8-bit dot products that cannot overflow. Without them 8 bits are no faster."""
    try:
        flags = next(line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")).split()
    except (OSError, StopIteration):
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


def load_ranges(path: Path = RANGES) -> dict[str, tuple[float, float]]:
    """The least and the greatest input of each convolution, by its name in the wheel's network."""
    return {name: (low, high) for name, (low, high) in json.loads(path.read_text())["ranges"].items()}


def quantise(model: Any, ranges: dict[str, tuple[float, float]]) -> None:
    """Round weights and inputs of the pointwise convolutions, inside an OpenVINO model.

    Args:
        model: is changed.
        ranges: of inputs; a convolution that is not named stays as it is.
    """
    from openvino import opset13 as op

    def constant(value: float) -> Any:
        return op.constant(np.full((1, 1, 1, 1), value, np.float32))

    for node in pointwise(model):
        if node.get_friendly_name() not in ranges:
            continue
        low, high = _on_grid(*ranges[node.get_friendly_name()])
        bounds = constant(low), constant(high)
        rounded = op.fake_quantize(node.input_value(0), *bounds, *bounds, 256)
        weights = node.input_value(1).get_node()
        largest = np.abs(weights.data).max(axis=(1, 2, 3), keepdims=True).astype(np.float32)
        bounds = op.constant(-largest), op.constant(largest)
        few = op.fake_quantize(weights.output(0), *bounds, *bounds, 255)
        node.input(0).replace_source_output(rounded.output(0))
        node.input(1).replace_source_output(few.output(0))


def pointwise(model: Any) -> Iterator[Any]:
    """The 1 x 1 convolutions that slide over a picture (those of the channel gates see one pixel only)."""
    for node in list(model.get_ordered_ops()):
        if node.get_type_name() != "Convolution":
            continue
        kernel, out = node.input(1).get_partial_shape(), node.output(0).get_partial_shape()
        one = kernel[2].get_length() == kernel[3].get_length() == 1
        gate = out[2].is_static and out[3].is_static and out[2].get_length() == out[3].get_length() == 1
        if one and not gate:
            yield node


def _on_grid(low: float, high: float) -> tuple[float, float]:
    """Bounds around 0 that make 0 one of 256 equally spaced levels, so that the zeros of padding stay exact."""
    low, high = min(low, 0.0), max(high, 1e-6)
    step = (high - low) / 255
    zero = round(-low / step)
    return -zero * step, (255 - zero) * step


def measure_ranges(model: Any, batches: Sequence[np.ndarray]) -> dict[str, tuple[float, float]]:
    """What the inputs of the pointwise convolutions lie between.

    Args:
        model: as read, not yet rounded.
        batches: inputs of the network, each of shape (batch, 3, 48, width).
    """
    import openvino

    nodes = list(pointwise(model))
    build: Any = openvino.Model
    probe = build([node.input_value(0) for node in nodes], model.get_parameters(), "probe")
    compiled = openvino.Core().compile_model(probe, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    bounds = np.tile([np.inf, -np.inf], (len(nodes), 1))
    for batch in batches:
        request.infer([batch])
        for number in range(len(nodes)):
            seen = request.get_output_tensor(number).data
            bounds[number] = min(bounds[number, 0], seen.min()), max(bounds[number, 1], seen.max())
    names = [node.get_friendly_name() for node in nodes]
    return {name: (float(low), float(high)) for name, (low, high) in zip(names, bounds, strict=True)}

"""Export to ONNX: the network with its scaling, and its Greeks as a second output."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadError
from pricers.surrogates.network.archive import write_file
from pricers.surrogates.network.model import Model

OPERATOR_SET = 17
"""Version of the operators; runtimes since 2022 have it."""


class NoOnnx(AadError, ImportError):
    """The package onnx is not installed."""


class _Graph:
    """Nodes and constants of an ONNX graph, each named by a number."""

    def __init__(self, helper: Any, numpy_helper: Any) -> None:
        self.helper, self.numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: npt.NDArray[Any]) -> str:
        """Add a constant and return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(self.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *operands: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result."""
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operator, list(operands), [name], **attributes))
        return name


def export_model(path: str | os.PathLike[str], model: Model, greeks: bool) -> None:
    """Write a model of `states` (n, d) with outputs `values` (n, m) and, if wanted, `greeks` (n, m, d), all float64."""
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise NoOnnx("export to ONNX needs the package onnx: pip install 'aadlib[onnx]'") from None
    graph = _Graph(helper, numpy_helper)
    d, m = model.layout.n_inputs, model.layout.n_outputs
    own = TensorProto.FLOAT if model.weights.dtype == np.float32 else TensorProto.DOUBLE
    outputs = [helper.make_tensor_value_info("values", TensorProto.DOUBLE, ["n", m])]
    slopes = _values(graph, model, own, TensorProto.DOUBLE)
    if greeks:
        outputs.append(helper.make_tensor_value_info("greeks", TensorProto.DOUBLE, ["n", m, d]))
        _greeks(graph, model, slopes, TensorProto.DOUBLE)
    inputs = [helper.make_tensor_value_info("states", TensorProto.DOUBLE, ["n", d])]
    whole = helper.make_graph(graph.nodes, "twin_network", inputs, outputs, graph.constants)
    operators = [helper.make_opsetid("", OPERATOR_SET)]
    written = helper.make_model(whole, opset_imports=operators, ir_version=8, producer_name="aadlib")
    onnx.checker.check_model(written)
    write_file(path, lambda stream: stream.write(written.SerializeToString()))


def _values(graph: _Graph, model: Model, own: int, double: int) -> list[str]:
    """Add the forward pass, and return the names of the slopes of the hidden layers."""
    scaling = model.scaling
    moved = graph.node("Sub", "states", graph.constant(scaling.x_mean))
    value = graph.node("Cast", graph.node("Div", moved, graph.constant(scaling.x_deviation)), to=own)
    *hidden, (weights, biases) = model.layout.layers(model.weights)
    slopes = []
    for w, b in hidden:
        z = graph.node("Gemm", value, graph.constant(w), graph.constant(b))
        value, slope = ACTIVATION_NODES[model.activation.name](graph, z, model.weights.dtype)
        slopes.append(slope)
    normal = graph.node("Gemm", value, graph.constant(weights), graph.constant(biases))
    scaled = graph.node("Mul", graph.node("Cast", normal, to=double), graph.constant(scaling.y_deviation))
    graph.node("Add", scaled, graph.constant(scaling.y_mean), output="values")
    return slopes


def _greeks(graph: _Graph, model: Model, slopes: list[str], double: int) -> None:
    """Add the backward pass to the inputs, an output at a time."""
    *hidden, (weights, _) = model.layout.layers(model.weights)
    scaling, rows = model.scaling, []
    for output in range(model.layout.n_outputs):
        left = graph.constant(weights[None, :, output])
        for (w, _), slope in zip(reversed(hidden), reversed(slopes), strict=True):
            left = graph.node("MatMul", graph.node("Mul", left, slope), graph.constant(w.T))
        rows.append(graph.node("Unsqueeze", left, graph.constant(np.array([1], dtype=np.int64))))
    stacked = graph.node("Cast", graph.node("Concat", *rows, axis=1), to=double)
    units = scaling.y_deviation[:, None] / scaling.x_deviation
    graph.node("Mul", stacked, graph.constant(units), output="greeks")


def _softplus(graph: _Graph, z: str, dtype: npt.DTypeLike) -> tuple[str, str]:
    one = graph.constant(np.ones(1, dtype=dtype))
    zero = graph.constant(np.zeros(1, dtype=dtype))
    decay = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    tail = graph.node("Log", graph.node("Add", decay, one))
    return graph.node("Add", graph.node("Max", z, zero), tail), graph.node("Sigmoid", z)


def _elu(graph: _Graph, z: str, dtype: npt.DTypeLike) -> tuple[str, str]:
    one = graph.constant(np.ones(1, dtype=dtype))
    zero = graph.constant(np.zeros(1, dtype=dtype))
    slope = graph.node("Exp", graph.node("Min", z, zero))
    return graph.node("Add", graph.node("Max", z, zero), graph.node("Sub", slope, one)), slope


def _silu(graph: _Graph, z: str, dtype: npt.DTypeLike) -> tuple[str, str]:
    one = graph.constant(np.ones(1, dtype=dtype))
    gate = graph.node("Sigmoid", z)
    value = graph.node("Mul", z, gate)
    bend = graph.node("Mul", value, graph.node("Sub", one, gate))
    return value, graph.node("Add", gate, bend)


ACTIVATION_NODES = {"softplus": _softplus, "elu": _elu, "silu": _silu}

"""Reads the networks that dlib stores in `.dat` files, in plain Python.

The format is what dlib's `serialize` writes (dlib/serialize.h, dlib/dnn/core.h, dlib/dnn/layers.h):

- An integer is a control byte, whose low half is the number of bytes and whose top bit is the sign, and those bytes,
  little-endian. A float is two integers: mantissa and power of two. A boolean is the character 0 or 1.
- A tensor is a version (2), four integers (samples, channels, rows, columns), and its values as little-endian float32.
- A network is its loss with that one's options, then the versions of all its layers, then the input layer, then every
  layer from the input on: its name, its parameters, three booleans, and three tensors that only training needs.
  Tags and skips leave nothing but a version, so what an `add_prev_` adds to isn't in the file.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.errors import EngineUnavailable

__all__ = ["Layer", "Network", "read_network"]

_INPUT = b"input_rgb_image_"


def _none() -> NDArray[np.float32]:
    return np.empty(0, np.float32)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: `kind` is dlib's own name for it, with its version (`con_4`).

    `sizes`: con_4 and the pools (rows, columns, stride y, stride x, padding y, padding x), a pool of no rows taking the
    whole map; fc_2 (outputs, inputs). `weights`: con_4 (filters, channels, rows, columns); affine_ (channels,); fc_2
    (inputs, outputs). `bias`: a number for each output, for con_4 and affine_. Empty where there are none. A `bn_con2`
    is given as the `affine_` that it amounts to.
    """

    kind: str
    sizes: tuple[int, ...] = ()
    weights: NDArray[np.float32] = field(default_factory=_none)
    bias: NDArray[np.float32] = field(default_factory=_none)


@dataclass(frozen=True, eq=False)
class Network:
    """`mean`: what is taken from red, green and blue before they are divided by 256; `layers`: from the input on."""

    mean: tuple[float, float, float]
    layers: tuple[Layer, ...]


def read_network(path: Path) -> Network:
    """Return the network in a `.dat` file of dlib; raises EngineUnavailable where it is damaged or has other layers."""
    try:
        return _parse(path.read_bytes())
    except (ValueError, IndexError, struct.error, OSError) as error:
        raise EngineUnavailable(
            f"The model file {path} can't be read ({error}): install this project's locked requirements again."
        ) from error


def _parse(data: bytes) -> Network:
    at = data.find(_INPUT)
    if at < 4:
        raise ValueError("it has no RGB input layer")
    innermost = data[at - 3]  # the version of the layer that holds the input, before the length of the input's name
    reader = _Reader(data, at - 2)
    kind = reader.text()
    red, green, blue = reader.float(), reader.float(), reader.float()
    if kind == "input_rgb_image_sized":
        reader.integer(), reader.integer()  # rows and columns
    layers = []
    while reader.at < len(data):
        layers.append(reader.layer())
        if len(layers) == 1 and innermost > 2:
            reader.integer()  # how many pictures the input makes of one
    return Network((red, green, blue), tuple(layers))


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def integer(self) -> int:
        control = self._data[self.at]
        size = control & 0x0F
        if not 0 < size <= 8 or control & 0x70:
            raise ValueError(f"no integer at byte {self.at}")
        value = int.from_bytes(self._take(1 + size)[1:], "little")
        return -value if control & 0x80 else value

    def float(self) -> float:
        return float(self.integer() * 2.0 ** self.integer())

    def text(self) -> str:
        return self._take(self.integer()).decode("ascii")

    def layer(self) -> Layer:
        kind = self.text()
        if kind == "con_4":
            layer = self._convolution()
        elif kind == "affine_":
            values = self._tensor()
            self._integers(10)  # the shapes of gamma and beta
            self.integer()  # for convolutions or for fully connected layers
            layer = Layer(kind, (), values[: values.size // 2], values[values.size // 2 :])
        elif kind == "bn_con2":
            layer = self._normalisation()
        elif kind in ("max_pool_2", "avg_pool_2"):
            layer = Layer(kind, self._integers(6))
        elif kind == "fc_2":
            outputs, inputs = self._integers(2)
            values = self._tensor()
            self._integers(10)
            self.integer()  # with or without a bias
            self._skip_floats(4)
            if values.size != inputs * outputs:
                raise ValueError("a fully connected layer with a bias isn't known here")
            layer = Layer(kind, (outputs, inputs), values.reshape(inputs, outputs))
        elif kind in ("relu_", "add_prev_"):
            layer = Layer(kind)
        else:
            raise ValueError(f"the layer {kind!r} isn't known here")
        if self._take(3).strip(b"01"):
            raise ValueError(f"no flags at byte {self.at - 3}")
        for _ in range(3):
            self._tensor()
        return layer

    def _convolution(self) -> Layer:
        values = self._tensor()
        filters, *sizes = self._integers(7)
        shape = self._integers(5)[1:]
        self._integers(5)  # the shape of the bias
        self._skip_floats(4)  # how fast it learnt
        weights, bias = values[: values.size - filters], values[values.size - filters :]
        return Layer("con_4", tuple(sizes), weights.reshape(shape), bias)

    def _normalisation(self) -> Layer:
        """Batch normalisation as the affine layer that it is once training has ended."""
        values = self._tensor()
        self._integers(10)  # the shapes of gamma and beta
        _means, _deviations, means, variances = (self._tensor() for _ in range(4))
        self._integers(2)  # how often, and over how many updates, the means were taken
        self._skip_floats(4)
        epsilon = self.float()
        gamma, beta = values[: values.size // 2], values[values.size // 2 :]
        scale = (gamma / np.sqrt(variances + epsilon)).astype(np.float32)
        return Layer("affine_", (), scale, (beta - scale * means).astype(np.float32))

    def _integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.integer() for _ in range(count))

    def _skip_floats(self, count: int) -> None:
        self._integers(2 * count)

    def _tensor(self) -> NDArray[np.float32]:
        version, *shape = self._integers(5)
        if version != 2 or min(shape) < 0:
            raise ValueError(f"no tensor before byte {self.at}")
        count = shape[0] * shape[1] * shape[2] * shape[3]
        return np.frombuffer(self._take(4 * count), "<f4")

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if count < 0 or len(taken) < count:
            raise ValueError("it ends too early")
        self.at += count
        return taken

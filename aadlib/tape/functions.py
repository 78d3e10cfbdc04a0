"""Functions a pricer calls that are more than one operation, for numbers of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.tape.arrays import is_recorded, values
from aadlib.tape.numpy_functions import clip as _clip_recorded
from aadlib.tape.numpy_functions import interp as interp
from aadlib.tape.numpy_functions import where as _where_recorded
from aadlib.tape.operations import apply
from aadlib.validation import require_positive


def softplus(x: Any, sharpness: Any = 1.0) -> Any:
    """Return log(1 + exp(sharpness x)) / sharpness: `maximum(x, 0)` with a rounded corner, overflow-safe.

    Parameters
    ----------
    x : number or array
    sharpness : float, default 1.0, > 0
        Curvature at 0 is sharpness / 4; the value there exceeds the corner's by log(2) / sharpness.
    """
    require_positive("sharpness", sharpness)
    if not (is_recorded(x) or hasattr(x, "partials")):
        x = np.asarray(x, dtype=np.float64)[()]
    if isinstance(sharpness, (int, float)) and sharpness == 1.0:
        return apply("softplus", x)
    return apply("softplus", x * sharpness) / sharpness


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where the condition holds, else y.

    Nothing of the branch that was not taken enters a derivative, not even a NaN. A condition made from recorded
    numbers is recorded: a replay chooses afresh.
    """
    if hasattr(x, "partials") or hasattr(y, "partials"):
        chosen, other = (x, y) if condition else (y, x)
        return chosen if hasattr(chosen, "partials") else chosen + apply("where_true", other, 0.0)
    if any(is_recorded(v) for v in (condition, x, y)):
        return _where_recorded(condition, x, y)
    return _in_floats(np.where(condition, x, y))


def _in_floats(x: Any) -> Any:
    """Return whole numbers as floats, so that what is computed from them does not follow other rules."""
    return x.astype(np.float64) if x.dtype.kind in "iu" else x


def clip(x: Any, low: Any, high: Any) -> Any:
    """Limit x to [low, high]; a kink at each end."""
    if hasattr(x, "partials"):
        return apply("minimum", apply("maximum", x, low), high)
    if any(is_recorded(v) for v in (x, low, high)):
        return _clip_recorded(x, low, high)
    return _in_floats(np.clip(x, low, high))


def value_of(x: Any) -> float | npt.NDArray[np.float64]:
    """Strip a number or an array of any kind to plain floats; nothing of it is recorded or differentiated."""
    while hasattr(x, "partials"):
        x = x.value
    stripped: float | npt.NDArray[np.float64] = values(x)
    return stripped

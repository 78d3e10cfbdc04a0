"""What bad input gets: an error of the family that names the argument and says what to do."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError, BranchChanged, NotFinite
from greeks2 import Normals, Sobol, expectation
from greeks2.monte_carlo.run import workers

from .paths import tilted

TILT = [0.3, -0.2, 0.1]
Z = Normals(n_paths=1000, shape=(3,), seed=1).draw(0, 1000)
NORMALS = Normals(n_paths=1000, shape=(3,), seed=1)


def with_hole(row, number):
    z = Z.copy()
    z[row, 1] = number
    return z


def recorded(**options):
    return ad.record(tilted, TILT, Z[:1], **options)


BAD = [
    ({"lanes": np.empty((0, 3))}, AadValueError, r"lanes\[0\] has shape \(0, 3\): give at least one path"),
    ({"lanes": []}, AadValueError, r"lanes\[0\] has shape \(0,\)"),
    ({"lanes": np.empty((5, 0))}, AadValueError, r"lanes\[0\] has shape \(5, 0\)"),
    ({"lanes": ()}, AadValueError, r"lanes = \(\): give the noise"),
    ({"lanes": 3.0}, AadValueError, r"lanes\[0\] = 3.0 is one number"),
    ({"lanes": None}, AadTypeError, r"lanes\[0\] = None: give an array of floats"),
    ({"lanes": [["a"]]}, AadTypeError, r"lanes\[0\] = \[\['a'\]\]: give an array of floats"),
    ({"lanes": [[1.0], [1.0, 2.0]]}, AadTypeError, r"lanes\[0\] is not an array"),
    ({"lanes": Z + 0j}, AadTypeError, r"lanes\[0\] has dtype complex128: give an array of floats"),
    ({"lanes": np.ma.masked_greater(Z, 1.0)}, AadTypeError, r"lanes\[0\] is a masked array"),
    ({"lanes": (Z, Z[:7])}, AadValueError, r"lanes differ in length: \[1000, 7\]"),
    ({"lanes": (Sobol(n_paths=1024, shape=(3,), seed=1), Z)}, AadValueError, "one Sobol sequence"),
    ({"lanes": with_hole(0, np.nan)}, AadValueError, r"lanes\[0\] is nan in row 0"),
    ({"lanes": with_hole(777, np.nan)}, AadValueError, r"lanes\[0\] is nan in row 777, at \[777, 1\]"),
    ({"lanes": with_hole(999, -np.inf)}, AadValueError, r"lanes\[0\] is -inf in row 999"),
    ({"params": [0.1, np.nan, 0.2]}, AadValueError, r"params\[1\] = nan: must be finite"),
    ({"params": "a"}, AadTypeError, "params = 'a' is not a float"),
    ({"params": None}, AadTypeError, "params = None"),
    ({"params": ()}, AadValueError, r"params = \(\): give at least one number"),
    ({"params": []}, AadValueError, r"params = \[\] is empty"),
    ({"order": 3}, AadValueError, r"order = 3: choose 0 \(mean\), 1 \(and gradient\) or 2"),
    ({"order": "2"}, AadValueError, "order = '2'"),
    ({"method": "bump"}, AadValueError, "method = 'bump': .*bottleneck, edge_pushing, forward_over_reverse"),
    ({"smoothing": "soft"}, AadValueError, "smoothing = 'soft': choose None or 'kink'"),
    ({"smoothing": "kink", "order": 0}, AadTypeError, "ask for order 1 or 2"),
    ({"smoothing": "kink", "lanes": 2.0 * Z}, AadValueError, r"lanes\[0\] has a variance of"),
    ({"batches": 1}, AadValueError, "batches = 1: must be a whole number, 2 or more"),
    ({"batches": 8.0}, AadValueError, "batches = 8.0"),
    ({"executor": "pool"}, AadTypeError, "executor = 'pool' has no submit"),
    ({"progress": "yes"}, AadTypeError, "progress = 'yes': give True, False or a function"),
    ({"path": 5.0}, AadTypeError, "5.0 is not a function"),
    ({"path": lambda p, z: p * z}, AadTypeError, r"a path returns one number.*\(3,\)"),
    ({"path": lambda p, z: 1.0}, AadTypeError, "does not depend on its arguments"),
    ({"path": lambda p, z: None}, AadTypeError, "the function returned None"),
    ({"path": ad.record(np.sum, TILT)}, AadTypeError, "this program has no lane argument"),
    ({"path": recorded(lanes=(1,))}, AadTypeError, r"record with passive=\[1\]"),
    (
        {"path": recorded(lanes=(1,), passive=(1,)), "params": [0.1, 0.2]},
        AadValueError,
        r"params have shapes \[\(2,\)\]: this program was recorded for \[\(3,\)\]",
    ),
    (
        {"path": recorded(lanes=(1,), passive=(1,)), "lanes": Z[:, :2]},
        AadValueError,
        r"lanes have shapes \[\(2,\)\]: this program was recorded for \[\(3,\)\]",
    ),
    (
        {"path": ad.record(np.sum, TILT, on_branch_change="retrace")},
        AadTypeError,
        "records again where a branch changes",
    ),
]


@pytest.mark.parametrize(("bad", "kind", "words"), BAD, ids=range(len(BAD)))
def test_inputs(bad, kind, words):
    arguments = {"path": tilted, "params": TILT, "lanes": Z, **bad}
    with pytest.raises(kind, match=words):
        expectation(arguments.pop("path"), arguments.pop("params"), **arguments)


def test_a_path_that_branches_on_its_noise():
    """The error names the line and how many of the swept paths differ from the recorded one."""

    def path(p, z):
        if z[0] > 0.5:
            return p[0] * z[0]
        return p[0] * 2.0

    z = np.full((1000, 1), 0.1)
    z[[600, 601, 990]] = 2.0
    with pytest.raises(BranchChanged, match=r"test_inputs.py:\d+ in path") as caught:
        expectation(path, [1.0], lanes=z, batches=2)
    text = str(caught.value)
    first_line = test_a_path_that_branches_on_its_noise.__code__.co_firstlineno + 4
    assert f"test_inputs.py:{first_line} " in text and "where" in text
    assert text.startswith("in paths 0 to 999 (lane 0 is path 0): ") and " in 3 of 488 " in text
    assert "retrace" not in text  # that does not go with lanes


def test_a_path_without_a_finite_value():
    """The error says which path, and that the record can tell the line."""

    def path(p, x):
        return p[0] / x[0]

    z = np.ones((1000, 1))
    z[600] = 0.0
    with pytest.raises(NotFinite, match=r"in paths 0 to 999 .* value is inf in lane 600.*trace_lines=True"):
        expectation(path, [1.0], lanes=z, batches=2)
    traced = ad.record(path, [1.0], z[:1], lanes=(1,), passive=(1,), trace_lines=True)
    with pytest.raises(NotFinite, match=r"divide\(1, 0\) at .*test_inputs.py:\d+ in path made an infinity"):
        expectation(traced, [1.0], lanes=z, batches=2)


def test_the_first_bad_row_is_named_whatever_runs_first(monkeypatch):
    monkeypatch.setattr(workers, "WORTH_THREADS", 0.0)
    z = with_hole(900, np.nan)
    z[450, 0] = np.inf
    for _ in range(5):
        with pytest.raises(AadValueError, match="row 450"):
            expectation(tilted, TILT, lanes=z)

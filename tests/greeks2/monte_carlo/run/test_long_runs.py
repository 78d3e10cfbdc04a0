"""Ten million paths: memory does not grow, Ctrl-C is heard; dask's executor where it is installed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from greeks2 import Normals, expectation

from ..paths import call, same_bits

LONG_RUN = """
import sys
import numpy as np, aadlib as ad
from greeks2 import Normals, expectation

def path(p, z):
    spot, volatility = p[:10], p[10:]
    basket = np.mean(spot * np.exp(0.03 - 0.5 * volatility**2 + volatility * z))
    return ad.softplus(basket - 100.0, sharpness=30.0)

p = np.concatenate([np.full(10, 100.0), np.full(10, 0.2)])
print("started", flush=True)
found = expectation(path, p, lanes=Normals(n_paths=int(sys.argv[1]), shape=(10,), seed=7))
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # kB
"""


def start(n_paths: int) -> subprocess.Popen[str]:
    """Start an estimate in a process of its own."""
    command = [sys.executable, "-c", LONG_RUN, str(n_paths)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_memory_does_not_grow_with_the_paths():
    """An array of these normals would take 72 MB more."""
    few, many = (int(start(n).communicate(timeout=100)[0].split()[-1]) for n in (300_000, 1_200_000))
    assert many - few < 20_000


@pytest.mark.slow
def test_ten_million_paths_within_a_gibibyte():
    printed, errors = start(10**7).communicate(timeout=600)
    assert not errors and int(printed.split()[-1]) < 2**20


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_long_run_at_once():
    process = start(10**9)
    assert process.stdout is not None and process.stdout.readline() == "started\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=20)
    assert process.returncode != 0 and not printed
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.slow
def test_dask(tmp_path):
    distributed = pytest.importorskip("distributed")
    market, noise = np.array([100.0, 0.2, 0.03, 0.75]), Normals(n_paths=50_000, shape=(), seed=5)
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "dashboard_address": None,
        "local_directory": tmp_path,
    }
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        found = expectation(lambda p, z: call(p, z), market, lanes=noise, executor=client.get_executor())
    assert same_bits(found, expectation(call, market, lanes=noise))

"""Pictures drawn in another process are those drawn in this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.report.drawing import Drawing, Picture, draw_here
from apps.report.smiles import Smile, smile_pictures


def smiles() -> list[Smile]:
    x = np.linspace(-0.3, 0.15, 12)
    return [
        Smile(
            title=f"{days}d",
            note="rmse",
            moneyness=np.exp(0.1 * days * x),
            mid=0.2 - 0.3 * x,
            bid=0.19 - 0.3 * x,
            ask=0.21 - 0.3 * x,
            fitted=0.2 - 0.31 * x,
            rival=0.2 - 0.29 * x if days < 9 else None,
        )
        for days in (1, 7, 30)
    ]


def test_another_process_draws_the_same() -> None:
    wanted = {"smiles": Picture(smile_pictures, (smiles(),))}
    with Drawing() as drawing:
        drawing.draw(wanted)
        assert drawing.pictures() == draw_here(wanted)


def test_what_goes_wrong_in_it_is_raised_here() -> None:
    with Drawing() as drawing, pytest.raises(ValueError, match="invalid literal"):
        drawing.draw({"smile": Picture(int, ("no number",))})
        drawing.pictures()


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks the process up in /proc")
def test_it_ends_with_its_parent() -> None:
    code = (
        "import os, time\n"
        "from apps.report.drawing import Drawing, Picture\n"
        "if __name__ == '__main__':\n"
        "    with Drawing() as drawing:\n"
        "        drawing.draw({'number': Picture(os.getpid, ())})\n"
        "        print(drawing.pictures()['number'], flush=True)\n"
        "        os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 9, done.stderr
    deadline = time.monotonic() + 20.0
    while os.path.exists(f"/proc/{done.stdout.strip()}"):
        assert time.monotonic() < deadline, "the drawing process outlived its parent"
        time.sleep(0.05)


def test_smiles_on_the_same_axes_do_not_show_each_other() -> None:
    together, alone = smile_pictures(smiles()), [smile_pictures([smile]) for smile in smiles()]
    assert together["1d"] == alone[0]["1d"]
    for title, svg in together.items():
        assert svg.count(f">{title}<") == 1 and svg.count(">rmse<") == 1
    assert "local volatility" in together["1d"] and "local volatility" not in together["30d"]

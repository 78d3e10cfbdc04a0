"""Fitting the local-volatility surface to an option chain."""

from __future__ import annotations

from pathlib import Path

import apps
from pricers.calibration import calibrate
from pricers.chain import load_quotes

CHAINS = {
    "synthetic": Path(apps.__file__).parent / "data",
    "spx_2019": Path(__file__).resolve().parents[3] / "shared" / "data" / "spx_2019-05-17",
}


class Calibration:
    """Seconds for the fit alone, with the quotes read and the kernels compiled."""

    params = ("synthetic", "spx_2019")
    param_names = ("chain",)
    timeout = 300

    def setup(self, chain: str) -> None:
        """Read the quotes, or skip where the chain is not there, and compile."""
        chains = sorted(CHAINS[chain].glob("*chain*.csv"))
        if not chains:
            raise NotImplementedError(f"no {chain} chain beside this checkout")
        self.quotes = load_quotes(chains[0])
        calibrate(quotes=self.quotes)

    def time_calibrate(self, chain: str) -> None:
        """Fit all quotes."""
        calibrate(quotes=self.quotes)

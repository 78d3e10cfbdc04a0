"""The header of fitted polynomials is what its script prints, up to the round-off of a least-squares solver."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pricers.analytic import householder_fits

HEADER = Path(householder_fits.__file__).parent / "kernels" / "householder_fits.h"
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")


@pytest.mark.skipif(not HEADER.exists(), reason="the headers of kernels are not installed")
def test_the_header_is_what_the_script_prints() -> None:
    kept, printed = HEADER.read_text(encoding="utf-8"), householder_fits.header()
    assert NUMBER.sub("", kept) == NUMBER.sub("", printed)
    ours, theirs = (np.array(NUMBER.findall(text), dtype=np.float64) for text in (kept, printed))
    # The last coefficients of a least-squares fit hang on the round-off of the LAPACK that made it.
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)

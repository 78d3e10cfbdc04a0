"""Choose the build of the block machine that goes with the lane sweeps' build."""

from __future__ import annotations

import importlib

from aadlib.sweeps import lanes

BlockMachine = importlib.import_module(f"aadlib.generated.blocks_{lanes.level}").BlockMachine

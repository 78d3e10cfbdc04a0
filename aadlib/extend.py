"""The extension door: what methods, pricers and payoffs of your own may use of the inside beyond `aadlib` itself.

Array types, errors and checks of arguments stand in `aadlib.types`, `aadlib.errors` and `aadlib.validation`;
`aadlib.kernel_cache` says whether compiled kernels can be kept.
"""

from aadlib.derivatives import program_of
from aadlib.differences import extrapolated_difference
from aadlib.executors import ExecutorWarning, results_in_order
from aadlib.lanes.block_code import ONE, ZERO, Term
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.device_cuda import quiet_launches, require_cuda
from aadlib.lanes.machine import BlockMachine
from aadlib.lanes.machine_cuda import CudaMachine
from aadlib.lanes.path_code import STEP, PathCode, PathWriter, gradient_code, value_code
from aadlib.lanes.structure import once_per_structure
from aadlib.lanes.summed import LaneSums, UniformPoint
from aadlib.program.backward_passes import mark_reached
from aadlib.program.graph import positions
from aadlib.program.nodes import Nodes
from aadlib.program.once import once_per_program
from aadlib.program.parts import Argument, Kink
from aadlib.program.program import Program, frozen_program, record
from aadlib.program.replay import Replay
from aadlib.program.second_order import (
    CreatedArcs,
    bottleneck_sum,
    bottleneck_work,
    created_arcs_of,
    direction_groups,
    hessian_products,
    reached_slots,
)
from aadlib.rules import in_python
from aadlib.rules.at_numbers import rule_partials
from aadlib.rules.in_python import compiled
from aadlib.rules.properties import CURVES, CURVES_OF_SIDES
from aadlib.rules.table import CODES, RULES
from aadlib.singular.lanes import Undetermined, undetermined_lanes
from aadlib.singular.point import UNDETERMINED, SingularPoint
from aadlib.singular.replay import singular_replay
from aadlib.singular.report import is_strict, strict
from aadlib.sweeps import simd
from aadlib.sweeps.watch import unusual
from aadlib.tape.advar import ADVar, Condition, record_binary, record_unary
from aadlib.tape.recording import Recording, run_recorded
from aadlib.tape.tape import Tape
from aadlib.threads import SPREAD, map_pieces, n_threads
from aadlib.twins import sweeps as twin_sweeps

__all__ = [
    "ADVar", "Argument", "BlockMachine", "CODES", "CURVES", "CURVES_OF_SIDES", "Condition", "CreatedArcs",
    "CudaMachine", "ExecutorWarning", "Kink", "LaneSums", "Nodes", "ONE", "PathCode", "PathWriter", "Program",
    "RULES", "Recording", "Replay", "SPREAD", "STEP", "SingularPoint", "Tape", "Term", "UNDETERMINED", "Undetermined",
    "UniformPoint", "ZERO", "bottleneck_code", "bottleneck_sum", "bottleneck_work", "compiled", "created_arcs_of",
    "direction_groups", "extrapolated_difference", "frozen_program", "gradient_code", "hessian_products", "in_python",
    "is_strict", "map_pieces", "mark_reached", "n_threads", "once_per_program", "once_per_structure", "positions",
    "program_of", "quiet_launches", "reached_slots", "record", "record_binary", "record_unary", "require_cuda",
    "results_in_order", "rule_partials", "run_recorded", "simd", "singular_replay", "strict", "twin_sweeps",
    "undetermined_lanes", "unusual", "value_code",
]  # fmt: skip

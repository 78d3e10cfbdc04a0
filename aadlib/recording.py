"""`record` under the module that it first stood in; new code takes it from `aadlib`."""

from aadlib.program.program import Program, record, trace

RetracingProgram = Program
"""What `record(..., on_branch_change="retrace")` returns."""

__all__ = ["RetracingProgram", "record", "trace"]

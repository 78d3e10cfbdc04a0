"""The Crank-Nicolson march itself: in numbers of any kind, compiled for floats, and as one composite operation.

`substeps` is the readable form. `state` is one march and its adjoint, `lanes` its tangents, `composite` all of it as
one node of a recording: by the kernels of `kernels/`, and `twins.composite_march` says the same with dense matrices.
"""

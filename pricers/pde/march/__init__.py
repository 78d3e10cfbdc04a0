"""The Crank-Nicolson march itself: in numbers of any kind, compiled for floats, and as one composite operation.

`substeps` is the readable form; `float_kernel` its compiled twin for floats alone. `composite` is the march as one node
of a recording: its kernels are `value_kernel`, `adjoint_kernel`, `tangent_kernels` and `adjoint_lanes_kernels`, and
`twins.composite_march` says the same with dense matrices.
"""

"""The basket call in one pass over the paths: compiled for the CPU and for a CUDA card, and recorded.

`sums` says what every implementation is given and returns; `rules` are the scalar steps that `kernels` and
`kernels_cuda` share, and `twins.numpy_sums` is the readable form.
"""

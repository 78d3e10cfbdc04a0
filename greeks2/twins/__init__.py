"""Readable twins: each second-order method in plain Python over plain lists, tested equal to the compiled one.

The twin of edge pushing is `greeks2.twins.algo4`, which reads like the paper.
"""

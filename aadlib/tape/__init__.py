"""Recording: the tape, the recorded number, arrays of them, and NumPy's functions on both."""

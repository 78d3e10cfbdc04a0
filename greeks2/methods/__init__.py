"""The second-order methods, one file or folder each."""

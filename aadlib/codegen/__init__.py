"""Writers of the generated sources: what setup.py runs, and nothing at run time imports."""

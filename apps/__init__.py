"""Command-line programs: the risk report and the reproduction of published figures and tables."""

"""Facts about a program, each found once."""

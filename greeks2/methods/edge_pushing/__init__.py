"""Edge pushing: a schedule made once per program, replayed at every point."""

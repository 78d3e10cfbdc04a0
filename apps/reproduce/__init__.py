"""Published figures again: one small file per figure."""

"""Monte Carlo means with their derivatives: record one path, sweep a million."""

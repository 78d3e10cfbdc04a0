"""What a netting set is made of: a market of rates and assets, and trades on it."""

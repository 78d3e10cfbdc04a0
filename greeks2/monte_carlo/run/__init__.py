"""How the paths are cut in batches and spread over workers."""

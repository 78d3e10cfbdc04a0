"""Where the noise of the paths comes from."""

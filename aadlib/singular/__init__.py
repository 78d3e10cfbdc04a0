"""Points at which a derivative is not determined: zero meets infinity, told apart from branches not taken."""

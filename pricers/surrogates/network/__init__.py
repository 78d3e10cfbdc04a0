"""Twin networks trained on values and their derivatives."""

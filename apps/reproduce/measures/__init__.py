"""What the numbers are judged by: times, distances, differences without derivatives, and unbiased estimates."""

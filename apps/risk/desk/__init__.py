"""What a desk asks of the book: smile dynamics, time, Greeks in quotes, and what the numbers rest on."""

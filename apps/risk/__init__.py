"""The program `risk`: from an option chain to the first- and second-order Greeks of a book."""

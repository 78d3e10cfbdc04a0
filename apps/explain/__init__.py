"""The program `explain`: profit and loss of a book between two chains, attributed by its Greeks."""

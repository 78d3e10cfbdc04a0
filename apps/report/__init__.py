"""How results are shown: tables, pictures, the HTML page, progress, and files written whole or not at all."""

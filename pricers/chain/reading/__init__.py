"""Reading an option chain, whatever its layout: raw table, names, layout, fields.

    files, frames -> table       texts as they stand, each distinct one once
    recognise, names             what each column is called and taken for
    layouts                      where call and put stand; `required`: which column serves, what is missing
    to_rows, odd_lines           one option per row, titles and footers left out
    numbers, dates, words, symbols                    one field
    underlyings, snapshots, contracts, spots, units   one underlying, one moment, one unit

A vendor's name for a column is a word in `names.COLUMN_ALIASES`; a layout is a file in `layouts`; a form of option
symbol is a line in `symbols.SYMBOL_FORMS`. What could be read in two ways is refused, never guessed.
"""

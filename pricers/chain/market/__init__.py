"""The market behind a chain: what the user gives of it, what parity implies, and whether that can be believed.

given, given_files   rates, yields, dividends and forwards that the user knows better than the quotes do
limits, findings     what is believed, what is warned of, what is refused
checks, roots        spot, carry, rates, parity, settlements and adjusted contracts
imply                the way through all of it, early exercise included
"""

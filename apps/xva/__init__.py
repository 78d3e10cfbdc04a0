"""The program `xva`: valuation adjustments of a netting set, by nested simulation and by networks that replace it."""

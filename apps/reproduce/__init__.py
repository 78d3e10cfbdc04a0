"""The program `reproduce`: published tables and figures again, one small file each."""

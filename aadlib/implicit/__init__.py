"""Numbers that an equation defines: found by any solver in floats, differentiated by the implicit function theorem."""

"""Forward over reverse: tangents of the adjoints, one direction an input or one a colour."""

"""What conditional expectations share: directions of the normals, sums of lognormals along one, truncated normals."""

"""Everything that a route module can have in TSX, one route for each feature."""

"""Pages of administrators: the staff of a facility with their roles, its departments, and the tree of facilities."""

"""Pages about agreeing with other nodes: where everything is, and records that two sides changed."""

"""Citizens: how they come to an account of their own, and the pages on which they see their record."""

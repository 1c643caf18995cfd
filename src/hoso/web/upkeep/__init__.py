"""Looking after a server on pages: its health in sentences, its code tables, its texts, and what is switched off."""

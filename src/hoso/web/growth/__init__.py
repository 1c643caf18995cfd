"""How a child grows, as a page: a chart with its sentence and its table, and measures that look like slips."""

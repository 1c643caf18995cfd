"""Practice: tasks for each role on a node of invented people, checked against what was really done."""

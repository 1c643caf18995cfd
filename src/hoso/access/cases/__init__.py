"""What a citizen asks and a facility owes an answer to, with the terms the law sets."""

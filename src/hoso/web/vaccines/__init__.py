"""Vaccinations as pages: the card by age, due doses in one tap, what happened after them, the paper, the calendar."""

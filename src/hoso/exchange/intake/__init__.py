"""One way in for all other software: keep what came, read it, match it, store it, and say what became of each piece."""

from hoso.exchange.intake.desk import Intake
from hoso.exchange.intake.shapes import Item, Receipt, Sender, Standing, State, Wrote

__all__ = ["Intake", "Item", "Receipt", "Sender", "Standing", "State", "Wrote"]

"""One way in for all other software: keep what came, read it, match it, store it, and say what became of each piece."""

from hoso.exchange.intake.desk import Intake
from hoso.exchange.intake.shapes import Item, Receipt, Sender, Standing, State, Wrote
from hoso.exchange.intake.undo import Left, Undone

__all__ = ["Intake", "Item", "Left", "Receipt", "Sender", "Standing", "State", "Undone", "Wrote"]

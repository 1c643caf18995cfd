"""Imports of many records at once: files are uploaded, then taken in beside the node's work, line by line.

Each line goes through the same checks, the same view and the same audit log as a write by itself.
"""

from hoso.exchange.imports.desk import Asked, Imports, Input, Standing
from hoso.exchange.imports.runner import Runner

__all__ = ["Asked", "Imports", "Input", "Runner", "Standing"]

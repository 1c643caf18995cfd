"""The form of every slip: it changes the form and says whether it could."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.simulator.form import Form
from bench.simulator.people import Person

Slip = Callable[[Form, Person, Random], bool]

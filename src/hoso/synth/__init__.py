"""Synthetic Viet Nam: a believable population with lifelong records, the same for the same seed on every machine.

Nothing here is a real person; every Patient, Practitioner and Organization carries the tag HTEST (test health data).
"""

from hoso.synth.population import TODAY, population, truths

__all__ = ["TODAY", "population", "truths"]

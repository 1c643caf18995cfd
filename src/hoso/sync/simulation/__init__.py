"""Many nodes of the real protocol core in one process, a schedule of faults, and a checker that finds what is wrong.

All chance comes from one seed, so that what failed once fails again.
"""

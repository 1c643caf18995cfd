"""Work on the records of everybody at once: placing those without a person, new keys, new weights, all beside a serving
node. Every piece is small, stands for itself and may be done twice.
"""

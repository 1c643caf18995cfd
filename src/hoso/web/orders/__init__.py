"""Ordering: choose, see what stands against it, use what there is or say why not, sign once; prescriptions on paper."""

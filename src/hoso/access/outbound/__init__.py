"""Visits that go out to other houses: to whom, with which right, and how a request leaves this machine.

The right is the destination's own and is asked anew at every attempt; whoever queues a visit lends none.
"""

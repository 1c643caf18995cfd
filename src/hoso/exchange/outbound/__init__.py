"""A visit on its way to another house: written once, sent until it is taken or refused, and told at every step.

Nothing is sent that the destination may not have at that moment, and nothing is called delivered but by the receiver.
"""

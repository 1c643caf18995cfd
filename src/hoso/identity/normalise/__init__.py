"""What a facility wrote about a person → values that compare: names, dates, numbers, phones and places.

Pure: the same record always gives the same person, on every node; repairs are made only where they leave no doubt.
"""

from hoso.identity.normalise.patient import normalise
from hoso.identity.normalise.person import Birth, Name, Number, Person, Place

__all__ = ["Birth", "Name", "Number", "Person", "Place", "normalise"]

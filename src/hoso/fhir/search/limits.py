"""How much one search may ask for; beyond it the request is refused in microseconds instead of tried."""

MAX_COUNT = 1_000
DEFAULT_COUNT = 20
MAX_PAIRS = 100
MAX_LENGTH = 131_072
"""Characters of all names and values together."""
MAX_VALUES = 1_000
"""Values of one parameter, joined by commas."""
MAX_DEPTH = 5
"""Steps of a chain or of nested `_has`."""
MAX_BRANCHES = 64
"""Target types an untyped chain may fan out to, over all its steps."""
MAX_FILTER_TERMS = 50
"""Comparisons in one filter."""
MAX_WORDS = 50
"""Words of full text."""
MAX_FILTER_DEPTH = 10
"""Parentheses within parentheses in it."""
MAX_SORT_KEYS = 5
MAX_INCLUDES = 50
NEAR_KM = "50"
"""How far is near, where no distance is given."""
MAX_NUMBER = 40
"""Characters of a number."""

"""The report of a station over a month or a quarter: figures that each name the lines they count."""

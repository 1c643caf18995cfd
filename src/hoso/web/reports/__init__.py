"""The report of a facility over a month or a quarter: counted, closed, opened line by line, printed, taken out."""

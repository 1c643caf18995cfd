"""What lies between a caller's machine and the doors: certificates, the proxy in front, names this server goes by.

Nothing here knows a record. The doors get a WSGI environment in which the caller's address, scheme and certificate are
what this server saw itself, or what a proxy it was told to trust says.
"""

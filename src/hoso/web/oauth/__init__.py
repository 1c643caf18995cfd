"""Systems and apps: OAuth 2.1 and SMART App Launch 2.2 by django-oauth-toolkit, bound to this node's people and rules.

What a token may do is decided in `access`; here stands who may get one, for how long, and how it ends.
"""

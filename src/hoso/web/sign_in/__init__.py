"""Signing in with django-allauth: passwords, second factors, sessions. Here stand its settings, hooks and our pages.

What is ours is the throttle, the audit events, who must have a second factor, and how all of it looks.
"""

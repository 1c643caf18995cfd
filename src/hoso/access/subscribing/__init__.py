"""Subscriptions carried out: admitted when they are written, watched for in the change log, told to their endpoints.

What is told goes through the view of its subscriber as it stands at that moment, and through the audit log.
"""

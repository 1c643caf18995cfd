"""Spreadsheets of any program as records: what a column means is guessed and shown, and nothing goes in unseen.

A sheet is read as rows of text with their true numbers; what they mean a mapping says, never the reader.
"""

"""Queries: one module per table, `session` first, then who is asking.

What belongs to a person is reached through one statement per module that names the reader, so a
stranger finds nothing. No rule, no commit and no text for the page lives here.
"""

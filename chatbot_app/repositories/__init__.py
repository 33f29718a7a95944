"""Queries: `session` first, then who is asking. One module per table, and one for each of those who
go through several: exports, imports, and the search.

What belongs to a person is reached through one statement per module that names the reader, so a
stranger finds nothing. No rule, no commit and no text for the page lives here.
"""

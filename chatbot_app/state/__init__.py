"""Reflex states: a cache per tab that can vanish at any moment and is rebuilt from the session
cookie and the database.

Every handler goes through `gate.handler`, calls one service in a thread, and sets vars. No SQL, no
rules, no secrets.
"""

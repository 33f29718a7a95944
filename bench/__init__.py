"""Measures the product from outside: a real process, a real browser, a fake provider. See README.md."""

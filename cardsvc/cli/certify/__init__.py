"""Certifying a terminal: a real service, a virtual card, and a line between them that goes wrong on purpose."""

"""Terminals: who they are, their keys, what they may do and how much of it."""

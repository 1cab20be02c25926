"""Trying things without real cards: the demo, and virtual cards in the real pcscd."""

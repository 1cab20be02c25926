"""Blank cards: where they are, what making takes and spoils, and what two people decide about them."""

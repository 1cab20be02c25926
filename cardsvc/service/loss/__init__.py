"""Loss, release, and the hot list: cards that nobody takes any more."""

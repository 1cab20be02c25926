"""The life of a card: application, issue, its applications, replacement, and its end."""

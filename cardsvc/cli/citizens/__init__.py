"""What concerns people: their data and rights, lost cards, messages to them and to the library."""

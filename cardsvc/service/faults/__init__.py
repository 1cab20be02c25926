"""What is wrong with a card or a reader, and its repair."""

"""The side with the card: PC/SC readers, virtual readers, and the loop that carries an operation to a card."""

"""Operations and decisions that move money: onto a card, off it, from an old card to a new one, and back to who paid."""

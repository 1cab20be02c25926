"""People: the fields that go onto a card, checked; and the files in which others send them."""

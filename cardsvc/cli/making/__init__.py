"""Cards before they are anybody's: the stock of blanks, and making many."""

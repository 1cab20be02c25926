"""What those who run the hall look at and change: staff, rules, terminals, readers, stock."""

"""Jobs on cards: the operations engine and the kinds of operation it carries out."""

"""The operations engine: what a job on a card is, how it is carried through its phases, kept, and played again."""

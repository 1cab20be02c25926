"""Card procedures: generators that yield batches of commands and are sent the answers.

No I/O, no clock, no database, no random numbers: all they need comes in as arguments, so running one again with the same
answers gives the same bytes. Keys come in as callables that make MACs; no procedure ever sees a key it does not write.
"""

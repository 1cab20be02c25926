"""Three sides of the same money: the ledger, what cards showed, and the files of operators, channels and terminals.

A run compares them and stores each difference with its reason and, where one can be booked, the correcting entry. Nothing is
booked by a run: two people agree to an entry (correct.py).
"""

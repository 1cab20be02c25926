"""The rules of money: states that a load or purchase may go through, accounts, and which transfers each event makes.

Pure: no database, no clock. The rows live in cardsvc.store, the decisions in cardsvc.service.
"""

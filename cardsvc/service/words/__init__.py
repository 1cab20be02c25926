"""What people read of codes and results, at the desk page and on the command line, in both languages.

codes       states, kinds, reasons and evidence by their codes
accounts    lines and accounts of the ledger
names       places of blank cards, and what a difference is about
rules       what a rule is about, and what says so
results     what a job on a card did, as labels and values
decisions   what a second person is asked to agree to
time_line   what happened to a card, line by line
"""

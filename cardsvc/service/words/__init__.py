"""What people read of codes and results, at the desk page and on the command line, in both languages.

codes       states, kinds, reasons and evidence by their codes
results     what a job on a card did, as labels and values
decisions   what a second person is asked to agree to
time_line   what happened to a card, line by line
"""

"""The command line. Results go to stdout, progress and errors to stderr; exit codes come from the error tree.

``main.py`` names every command with the module that holds it; a module is imported when its command runs. The rooms:

main        the list of all commands
card        cardsvc card: everything with the card in the reader
citizens    citizen, rights, loss; notices to people, outbox to the library
money       shift, day, order, held, suspects, batch, reconcile, receipt
hall        queue, hall, complaint
making      stock of blanks, bulk issue
terminals   terminal, workstation, agent, hotlist
certify     the run that a vendor's terminal must pass (terminal certify, terminal relay)
staff       staff, approvals, audit, why, rules
machine     doctor, keys, readers, db
profiles    profiles, and the contract suite that tries one
serve       serve, desk, the training hall
practice    demo, vcard
simulate    simulate: a day of the city, a day of the hall
bench       bench
scratch     not a command: throw-away services, readers, processes and people for the rooms above
shared      not a command: how commands speak, who is there, days, the database, this machine's reader
"""

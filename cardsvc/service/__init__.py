"""Jobs on cards and with money. From the ground up; pyproject.toml has who may import whom.

machines            every state machine with its words
operations          the engine: what a job on a card is, carried through its phases; a card by its number; rules by their day
staff               who works here, sign-in, decisions of two people, the trails of what was changed
messages            notices to citizens and to the library
terminals           who they are, their keys, what they may do
people              the fields of a person, checked; files of people
purse               parts of operations on one purse: which is meant, what may move, what became of a broken step
stock               blank cards
cash                shift, drawer, vault
loss                loss reports, the hot list
transactions        operations and decisions that move money: top-up, purchase, refund, transfer, deposit, held money
rights              what the insurance offices say of people
cards               the life of a card: application, making, its applications, replacement, end
faults              diagnosis and repair
books               the day: day-end, sheets, receipts, figures, corrections
batches             files of operators, channels and terminals
reconcile           three sides of the same money, compared
operation_kinds     all kinds of operation, by name
desk                workstations, sign-ins at the page, what lies on a desk and which jobs make sense for it
bulk                many cards from a file
hall                tickets, appraisals, complaints
management          what those who run the hall look at and change
words               what codes and results are called, at the page and on the command line
approval_kinds      all kinds of decision that need two people, by name
tidy                what ends by itself when its time is over
"""

"""One purse: which is meant, what may move on it, what became of a broken step. Parts of operations, no operation.

areas, area_names, held             which purse is meant, what it is called, what it holds
load_rules, payments, orders        before money goes on: the rules, how it was paid, what was paid online and waits
debit, drawdown                     taking money off: a purchase, all of it
fees                                what an opening costs, in two steps as a load
open_money                          what is open on a card: asked about, judged, settled
claims, settle                      how a step should show on the card, and in its log; what the card's evidence says of it
counters, sightings                 counters that went back; what was seen
suspects, settled_since             what the card alone can settle, by hand; proposals that it overtook
lapse, swapped                      month money that is over; money of a withdrawn product
ways, bicycles                      which way money goes back, and what keeps it
card_keys                           the keys of one card
"""

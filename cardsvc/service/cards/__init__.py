"""The life of a card.

requests                            its application: who came, the photo, the promise
making_places                       which outlet makes whose card
issuing, data, making_keys          making it, all that is written, and its keys, made once and ahead
photos, faces                       what is printed onto it
first_article, wrong_card           read again before anybody gets it, and what follows when it is wrong
inspect, identity, views, books     looking at it, on the reader and in the books
applications, application_names     opening, reviewing, closing, blocking what is on it; what it is called
fees_back                           what was paid for an opening that is not on it
person_changes, deaths              when its holder changes name, or dies
retiring                            a suspicious card is taken out of use
replacement, carry_over             another card for the same person, with the applications of the old one
hold_approval                       a card that cannot be read nor recognised
handing_out, telling                to whom it was given; who is told that it can be collected
consignments, consigned             on its way to another outlet: sent, counted in; missing or too many
consignment_views                   what an outlet sees of that
cancelling                          its end
keeping                             photos and withdrawn applications end when nothing needs them
repair_steps                        what a repair does on it
"""

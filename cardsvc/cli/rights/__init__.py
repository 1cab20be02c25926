"""``cardsvc rights``: data of the social-insurance and medical-insurance offices."""

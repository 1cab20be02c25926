"""``cardsvc simulate``: a day of a city's cards through the real API, until its day is ended and reconciled.

command, town       the command, and the city that it makes up
places, visits      desks and kiosks, and the people who come to them
evening             the end of the day
hall                another command: a whole day of the hall
"""

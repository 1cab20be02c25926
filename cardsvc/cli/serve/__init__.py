"""``cardsvc serve`` and ``desk``: the processes of the service, and the training hall."""

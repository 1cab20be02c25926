"""``cardsvc profiles``: firmware profiles, and the contract suite that tries one."""

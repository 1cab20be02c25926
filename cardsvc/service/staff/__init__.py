"""Who works here: accounts, sign-in by password and passkey, decisions of two people, and the trails of what was changed."""

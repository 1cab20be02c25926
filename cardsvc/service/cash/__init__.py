"""Cash: the teller's shift, the drawer, and the vault."""

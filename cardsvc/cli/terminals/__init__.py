"""Terminals and workstations: registering them, being one, the hot list that they keep."""

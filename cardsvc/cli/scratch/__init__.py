"""Throw-away services, readers, processes and people: for the demo, the tests of profiles and terminals, and the bench."""

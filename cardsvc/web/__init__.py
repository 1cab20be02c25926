"""The service's HTTP doors. They see services and errors only: no tables, no bytes.

api     for terminals, agents and channels: signed requests, JSON
desk    the page for people
"""

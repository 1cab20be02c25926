"""The service's HTTP doors. They see services and errors only: no tables, no bytes."""

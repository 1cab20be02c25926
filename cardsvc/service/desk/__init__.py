"""The desk: workstations and their readers, sign-ins, what lies there, and which jobs make sense for it."""

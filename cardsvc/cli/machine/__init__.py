"""This machine: the doctor, keys, readers, the database."""

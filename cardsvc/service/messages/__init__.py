"""What leaves the service: notices to citizens, and what the library is told. Queued in the transaction, sent until taken."""

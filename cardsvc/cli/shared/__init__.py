"""What every command needs: how it speaks, who is there, days, the database, the reader of this machine."""

"""What a card OS is: its commands, byte layouts, and the firmware profiles that say how families differ."""

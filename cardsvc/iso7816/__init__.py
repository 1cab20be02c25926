"""ISO/IEC 7816-3 and -4 as bytes: commands, answers, status words, ATR, and the channel that carries them."""

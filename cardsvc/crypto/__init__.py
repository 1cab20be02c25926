"""Cryptography of the e-purse: block ciphers, MACs, TACs, diversification. Bytes in, bytes out."""

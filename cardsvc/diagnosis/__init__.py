"""Card diagnosis: what a card is asked, what its answers and the books say, and which findings follow.

Three steps that do not know each other's insides: probes (probes.py: questions that only read, every answer taken as it
is), evidence (evidence.py lists every key; reading.py, purse.py, applications.py and contact.py fill them), findings
(table.py over findings.toml). Nothing here raises because of what a card answers: a wrong answer is evidence too.
"""

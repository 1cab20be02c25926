"""One purse: which is meant, what may move on it, what became of a broken step. Parts of operations, no operation."""

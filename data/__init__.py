"""Reports in, codes in: the corpus, the codes, the gold and the sampling design."""

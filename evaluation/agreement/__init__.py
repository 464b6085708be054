"""Agreement of coders: coefficients on codes, and on evidence."""

"""Where codes go wrong: labels confused, slices scored worse, codes that are likely mistakes."""

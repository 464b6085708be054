"""How far coders agree: Krippendorff's alpha, and the coefficients beside it."""

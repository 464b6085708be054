"""From codes to a trained coder: splits, targets, the two regimes, cross-fitting."""

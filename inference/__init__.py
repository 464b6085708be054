"""Scoring runs: reports in, predictions out."""

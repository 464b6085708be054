"""Coding by people: Label Studio, coding sheets, and projects of other programs."""

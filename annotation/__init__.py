"""Coding by people: Label Studio, coding sheets, projects of other programs, and what to code next."""

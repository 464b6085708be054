"""Coders' work: Label Studio and other coding sheets, both ways."""
"""Coding by people: Label Studio and other sheets, and what passes between them and a study."""

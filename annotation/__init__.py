"""Coders' work: Label Studio and other coding sheets, both ways."""
"""Coding by people: Label Studio and other sheets, and what passes between them and a study."""
"""The annotation room: where coders meet reports, and how what they did becomes codes."""
"""Coding by people: Label Studio, coding sheets, and projects of other programs."""

"""The annotation room: where coders meet reports, and how what they did becomes codes."""

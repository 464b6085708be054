"""HTML and tables for people. ``content.build_content`` gathers what the page shows, ``render.write_report``
writes it."""

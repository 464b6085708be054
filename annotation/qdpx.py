"""REFI-QDA projects (``.qdpx``, version 1.0), which NVivo, MAXQDA, ATLAS.ti and others exchange.

A project is a zip of ``project.qde`` (XML) and the texts. How codes are put there:

===========================  ==================================================================================
a variable, its labels       a Code with child Codes; "unsure" and "rests on absence" are children too
a report                     a TextSource, its text a file with LF line ends, so that offsets are those of the report
a coder's pass               a User (its ``id`` says round, purpose and kind of coder)
an evidence span             a PlainTextSelection with a Coding of what it is evidence of
a value without span         a PlainTextSelection of the whole text: not every program knows codings of a source,
                             and variables of a source know no coder
a text value, a note         the Description of that selection; a Note it refers to
===========================  ==================================================================================

Of codes, those in force go out; their history stays in the study, and so do ids and lead times, which ``read_qdpx``
finds again in ``known``. Nothing is unpacked to disk.
"""

from .qdpx_read import ReadProject, read_qdpx
from .qdpx_write import WrittenProject, write_qdpx

__all__ = ["ReadProject", "WrittenProject", "read_qdpx", "write_qdpx"]

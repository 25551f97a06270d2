"""PDF in, PDF out: stamping and looking into PDFs that strangers made.

`outcome` and `child` are cheap to import; everything else loads pikepdf or fpdf2
and belongs into the child process.
"""

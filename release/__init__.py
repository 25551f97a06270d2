"""`make release`: Tresen as one archive for machines without Python, with what proves what is inside."""

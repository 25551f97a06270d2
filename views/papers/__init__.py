"""What Tresen prints: letters, in the language of whoever reads them."""

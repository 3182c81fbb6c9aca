"""People we may write to: kept, linked, asked, spared, imported and forgotten."""

"""Pages about results: sections, tables, sentences, bibliography; written as Markdown and as one HTML page."""

"""Infrastructure: cache, catalogues, command line, random streams, lazy imports."""

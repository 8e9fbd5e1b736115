"""Catalogue of figures. One file each: runs and data in, a matplotlib Figure out."""

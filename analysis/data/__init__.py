"""Measured data: the record, its checks, and the files it can be read from."""

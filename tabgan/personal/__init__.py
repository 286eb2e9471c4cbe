"""Cells that tell who somebody is: recognised, never learned, replaced by made-up ones of the same form."""

"""`python -m tabgan_cli` is `tabgan`."""

from __future__ import annotations

from tabgan_cli.app import main

main()

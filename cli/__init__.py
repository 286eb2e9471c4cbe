"""The command line of tabgan, installed as import package `tabgan_cli`."""

from __future__ import annotations

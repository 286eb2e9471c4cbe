"""The arithmetic of the private mode: mechanisms, what they cost, and the ledger of what was spent."""

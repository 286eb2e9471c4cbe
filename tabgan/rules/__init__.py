"""What rules between columns do with tables: check, propose, and learn in a form that cannot break them."""

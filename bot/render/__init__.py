"""Results become what people see: neutral cards first, then Discord, the terminal, or JSON."""

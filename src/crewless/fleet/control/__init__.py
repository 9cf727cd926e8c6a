"""Master control of a fleet over VDA 5050 version 3."""

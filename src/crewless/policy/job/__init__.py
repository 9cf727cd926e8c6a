"""A job as a program: steps, expressions, conditions and loops as data that a person can read, and the interpreter that works it."""

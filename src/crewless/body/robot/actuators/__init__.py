"""Motors, gears, tendons, power stages and sensors, each by formulas whose sources stand in the docstrings."""

"""What a worker makes of its photons: pixels to elements. Knows nothing but pixels."""

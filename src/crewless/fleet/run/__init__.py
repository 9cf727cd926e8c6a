"""A plan carried out: control and floor joined, in memory with simulated time, or over a real broker by the wall clock."""
